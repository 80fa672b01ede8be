import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ROOT, temporaryFolder } from '../support/cli-process.ts'

const RECORDER = new URL('../support/loaded-modules.mjs', import.meta.url).href
const Metafile = z.object({ outputs: z.record(z.string(), z.object({ inputs: z.record(z.string(), z.unknown()) })) })

interface Loaded {
  readonly stderr: string
  /** Files that node opened for the program. */
  readonly files: number
  /** What these files were built of, below the root: `src/broker/app.ts`. */
  readonly sources: readonly string[]
  /** Packages of which anything was loaded. */
  readonly packages: readonly string[]
}

/** Runs a built program until it ends by itself. */
function load(program: string, ...args: readonly string[]): Loaded {
  const list = join(temporaryFolder(), 'modules')
  const run = spawnSync(process.execPath, ['--import', RECORDER, join(ROOT, program), ...args], {
    env: { PATH: process.env['PATH'], LOADED_MODULES: list },
    encoding: 'utf8',
  })
  const files = readFileSync(list, 'utf8')
    .split('\n')
    .filter((url) => url.startsWith('file:'))
    .map((url) => relative(ROOT, fileURLToPath(url)))
  const { outputs } = Metafile.parse(JSON.parse(readFileSync(join(ROOT, 'dist/metafile.json'), 'utf8')))
  const paths = files.flatMap((file) => [file, ...Object.keys(outputs[file]?.inputs ?? {})])
  return {
    stderr: run.stderr,
    files: files.length,
    sources: paths.filter((path) => path.startsWith('src/')),
    packages: [...new Set(paths.flatMap((path) => packageOf(path) ?? []))].toSorted(),
  }
}

function packageOf(path: string): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]
}

function roomsOf({ sources }: Loaded): readonly string[] {
  return [...new Set(sources.map((path) => path.split('/')[1] ?? ''))].toSorted()
}

// Each file takes node about a millisecond, and each package the time to run it, in every process.
describe('the built program', () => {
  it('loads neither the broker nor the lab for a command', () => {
    const loaded = load('dist/broker/cli/main.js', '--version')
    expect(loaded.sources).toContain('src/broker/cli/main.ts')
    expect(loaded.sources).not.toContain('src/broker/app.ts')
    expect(roomsOf(loaded)).not.toContain('lab')
    expect(loaded.packages).toEqual(['commander', 'zod'])
    expect(loaded.files).toBeLessThan(30)
  })

  it('loads nothing of the broker for a CDN of the lab', () => {
    const loaded = load('dist/lab/main.js')
    expect(loaded.stderr).toContain('the one argument must be LabCdnOptions')
    expect(loaded.sources).toContain('src/lab/cdn.ts')
    expect(roomsOf(loaded)).toEqual(['fci', 'lab', 'moq'])
    expect(loaded.packages).toEqual([
      '@hono/node-server',
      '@moq/net',
      '@moq/qmux',
      '@moq/signals',
      '@moq/web-socket-stream',
      'async-mutex',
      'bowser',
      'hono',
      'ws',
      'zod',
    ])
    expect(loaded.files).toBeLessThan(30)
  })

  it('loads for a broker nothing that only some brokers or some questions need', () => {
    const loaded = load('dist/broker/cli/main.js', 'serve', '--config', join(temporaryFolder(), 'none.yaml'))
    expect(loaded.stderr).toContain('none.yaml')
    expect(loaded.sources).toContain('src/broker/app.ts')
    for (const name of ['d3-geo', 'i18n-iso-countries', 'ioredis', 'jose', 'topojson-client']) {
      expect(loaded.packages).not.toContain(name)
    }
    expect(loaded.files).toBeLessThan(100)
  })
})
