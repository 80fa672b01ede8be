import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'vitest'

/** LevelDB is not opened again with less than 32 MiB free, so a disk on which it recovers must be larger. */
const DISK_BYTES = 48 * 1024 * 1024
const CHUNK = Buffer.alloc(64 * 1024, 'x')

/** A file system of its own, small enough to be filled. */
export interface SmallDisk extends Disposable {
  readonly folder: string
  /** Takes every byte that is free. */
  fill(): void
  /** Gives them back. */
  free(): void
}

/** As this user if it may, else as another who may (GitHub's runners). */
const WAYS: readonly (readonly string[])[] = [[], ['sudo', '-n']]

function mountCommand(way: readonly string[], bytes: number, folder: string): readonly [string, readonly string[]] {
  const options = `size=${bytes},mode=0700,uid=${process.getuid?.() ?? 0}`
  const [program, ...args] = [...way, 'mount', '-t', 'tmpfs', '-o', options, 'tmpfs', folder]
  return [program, args]
}

function unmount(way: readonly string[], folder: string): void {
  const [program, ...args] = [...way, 'umount', folder]
  execFileSync(program, args)
  rmSync(folder, { recursive: true })
}

function canMount(way: readonly string[]): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'moq-broker-e2e-mount-'))
  const [program, args] = mountCommand(way, 65_536, folder)
  const isMounted = spawnSync(program, args).status === 0
  if (isMounted) unmount(way, folder)
  else rmSync(folder, { recursive: true })
  return isMounted
}

function mountSmallDisk(way: readonly string[]): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'moq-broker-e2e-disk-'))
  const ballast = join(folder, 'ballast')
  const [program, args] = mountCommand(way, DISK_BYTES, folder)
  execFileSync(program, args)
  return {
    folder,
    fill() {
      const file = openSync(ballast, 'w')
      for (let size = CHUNK.length; size >= 1; ) {
        try {
          writeSync(file, CHUNK, 0, size)
        } catch {
          size = Math.floor(size / 2)
        }
      }
      closeSync(file)
    },
    free() {
      rmSync(ballast, { force: true })
    },
    [Symbol.dispose]: () => unmount(way, folder),
  }
}

/** A suite that needs a small disk. Without the right to mount one it does not run and says so loudly; with `CI` set it fails. */
export function describeSmallDisk(title: string, suite: (mount: () => SmallDisk) => void): void {
  const way = WAYS.find(canMount)
  if (way !== undefined) {
    describe(title, () => suite(() => mountSmallDisk(way)))
    return
  }
  const reason = `"${title}" needs the right to mount a tmpfs, as root or by sudo without a password.`
  if (process.env['CI']) {
    it(title, () => {
      throw new Error(reason)
    })
    return
  }
  console.warn(`\n!!! NOT RUN: ${reason}\n`)
  describe.skipIf(true)(title, () => suite(() => mountSmallDisk([])))
}
