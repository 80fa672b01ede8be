import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { filesIn } from './secret-search.ts'

/** LevelDB is not opened again with less than 32 MiB free, so a disk on which it recovers must be larger. */
const DISK_BYTES = 48 * 1024 * 1024
const CHUNK = Buffer.alloc(64 * 1024, 'x')

/** A place for a store, where a process can be made to run out of space and given space again. */
export interface DiskShortage extends Disposable {
  /** For the store of the process. */
  readonly folder: string
  /** The next write of this process finds no space. */
  begin(pid: number): void
  end(pid: number): void
}

/** A file system of its own, which needs the right to mount; else a limit on the size of files, which needs prlimit. */
function openMounted(): DiskShortage {
  const root = mkdtempSync(join(tmpdir(), 'moq-broker-e2e-disk-'))
  const ballast = join(root, 'ballast')
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', root], { stdio: 'pipe' })
  return {
    folder: join(root, 'store'),
    begin() {
      const file = openSync(ballast, 'w')
      fillUp(file)
      closeSync(file)
    },
    end() {
      rmSync(ballast, { force: true })
    },
    [Symbol.dispose]() {
      execFileSync('umount', [root])
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function fillUp(file: number): void {
  for (let size = CHUNK.length; size >= 1; ) {
    try {
      writeSync(file, CHUNK, 0, size)
    } catch {
      size = Math.floor(size / 2)
    }
  }
}

function openLimited(): DiskShortage {
  const root = mkdtempSync(join(tmpdir(), 'moq-broker-e2e-disk-'))
  const folder = join(root, 'store')
  mkdirSync(folder)
  const limit = (pid: number, bytes: number | 'unlimited'): void => {
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
  }
  return {
    folder,
    begin: (pid) => limit(pid, Math.max(1, ...filesIn(folder).map((file) => statSync(file).size))),
    end: (pid) => limit(pid, 'unlimited'),
    [Symbol.dispose]() {
      rmSync(root, { recursive: true, force: true })
    },
  }
}

const WAYS: readonly (readonly [name: string, isPossible: () => boolean, open: () => DiskShortage])[] = [
  ['a disk', canMount, openMounted],
  ['a limit on the size of files', () => spawnSync('prlimit', ['--version']).status === 0, openLimited],
]

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'moq-broker-e2e-mount-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status === 0
  if (mounted) execFileSync('umount', [folder])
  rmSync(folder, { recursive: true, force: true })
  return mounted
}

/**
 * A suite for each way in which space can run out here. Where there is none it does not run and says so loudly; with
 * `CI` set it fails.
 */
export function describeDiskShortage(suite: (open: () => DiskShortage) => void): void {
  const possible = WAYS.filter(([, isPossible]) => isPossible())
  for (const [name, , open] of possible) describe(`when ${name} leaves no space`, () => suite(open))
  if (possible.length > 0) return
  const reason = 'a full disk needs the right to mount a tmpfs, or the program prlimit; neither is here'
  if (process.env['CI']) {
    it('runs in CI', () => {
      throw new Error(reason)
    })
    return
  }
  console.warn(`\n!!! NOT RUN: ${reason}\n`)
  it.skip(reason, () => {})
}
