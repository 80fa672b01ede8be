import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AMBIENT_ROOTS, CONSOLE_ROOTS } from './support/architecture-ambient.ts'
import { PACKAGE_ROOMS, ROOM_IMPORTS } from './support/architecture-imports.ts'
import { PLANTED_VIOLATIONS, type Tree } from './support/architecture-planted.ts'
import { checkArchitecture } from './support/architecture-rules.ts'
import { readSources } from './support/architecture-source.ts'
import { plantTree } from './support/temporary-tree.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

function violations(root: string): readonly string[] {
  return checkArchitecture(root).map(({ rule, file, line, detail }) => `${file}:${line} ${rule}: ${detail}`)
}

function placesOf(rule: string, tree: Tree): readonly string[] {
  using planted = plantTree(tree)
  return checkArchitecture(planted.root)
    .filter((violation) => violation.rule === rule)
    .map(({ file, line }) => `${file}:${line}`)
}

describe('the source tree', () => {
  it('breaks no rule of the architecture', () => {
    expect(violations(ROOT)).toEqual([])
  }, 60_000)

  it('has every room that the rules speak of, so that no rule is empty', () => {
    const rooms = Object.keys(ROOM_IMPORTS)
    expect(rooms.filter((room) => readSources(ROOT, `src/${room}`).length === 0)).toEqual([])
  })
})

describe('the architecture checker', () => {
  const cases = PLANTED_VIOLATIONS.map((planted) => [planted.because, planted] as const)

  it.each(cases)('finds when %s', (_, { rule, breaks, at }) => {
    expect(placesOf(rule, breaks).toSorted()).toEqual([...at].toSorted())
  })

  it.each(cases)('lets pass what only looks as if %s', (_, { rule, keeps }) => {
    expect(placesOf(rule, keeps)).toEqual([])
  })

  it('refuses a file that it cannot read, rather than passing it', () => {
    using planted = plantTree({ 'src/fci/broken.ts': 'export const = 1' })
    expect(() => checkArchitecture(planted.root)).toThrow('src/fci/broken.ts cannot be parsed')
  })
})

/** The rules that the linter, with this project's settings, finds broken in a tree: `file:line rule`. */
function lint(tree: Tree): readonly string[] {
  using planted = plantTree(tree)
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) {
    copyFileSync(join(ROOT, file), join(planted.root, file))
  }
  symlinkSync(join(ROOT, 'node_modules'), join(planted.root, 'node_modules'), 'dir')
  const run = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/oxlint/bin/oxlint'), '--type-aware', '--deny-warnings', '--format=unix', 'src'],
    { cwd: planted.root, encoding: 'utf8' },
  )
  const found = [...run.stdout.matchAll(/^(\S+?:\d+):\d+: .*\[\w+\/(\S+)\]$/gm)].map(([, at, rule]) => `${at} ${rule}`)
  expect({ status: run.status, output: run.stdout + run.stderr }).toMatchObject({ status: found.length === 0 ? 0 : 1 })
  return found.toSorted()
}

describe('the linter, with its settings', () => {
  it('accepts a clean tree', () => {
    expect(
      lint({
        'src/fci/a.ts': 'export const a = 1\n',
        'src/routing/b.ts': `import { a } from '../fci/a.ts'\n\nexport const b = a\n`,
      }),
    ).toEqual([])
  })

  it('refuses an import against the direction of the rooms', () => {
    expect(
      lint({
        'src/fci/a.ts': `import { b } from '../routing/b.ts'\n\nexport const a = b\n`,
        'src/routing/b.ts': 'export const b = 1\n',
      }),
    ).toEqual(['src/fci/a.ts:1 eslint(no-restricted-imports)'])
  })

  it('refuses a promise that nobody waits for', () => {
    expect(
      lint({
        'src/fci/a.ts':
          'export async function a(): Promise<number> {\n  return 1\n}\n\nexport function b(): void {\n  a()\n}\n',
      }),
    ).toEqual(['src/fci/a.ts:6 typescript(no-floating-promises)'])
  })

  it('refuses a cycle of imports', () => {
    expect(
      lint({
        'src/fci/a.ts': `import { b } from './b.ts'\n\nexport const a = (): number => b()\n`,
        'src/fci/b.ts': `import { a } from './a.ts'\n\nexport const b = (): number => a()\n`,
      }),
    ).toEqual(['src/fci/a.ts:1 import(no-cycle)', 'src/fci/b.ts:1 import(no-cycle)'])
  })

  it('refuses a switch that forgets a case, a clock read in a leaf room and a default export', () => {
    expect(
      lint({
        'src/fci/a.ts': [
          `type Kind = 'ipv4' | 'ipv6'`,
          `export function bits(kind: Kind): number {`,
          `  switch (kind) {`,
          `    case 'ipv4':`,
          `      return 32`,
          `  }`,
          `  return Date.now()`,
          `}`,
          `export default bits`,
          ``,
        ].join('\n'),
      }),
    ).toEqual([
      'src/fci/a.ts:3 typescript(switch-exhaustiveness-check)',
      'src/fci/a.ts:7 eslint(no-restricted-properties)',
      'src/fci/a.ts:9 import(no-default-export)',
    ])
  })
})

const LinterSettings = z.object({
  overrides: z.array(
    z.object({
      files: z.array(z.string()),
      rules: z.record(z.string(), z.unknown()),
    }),
  ),
})
const RestrictedImports = z.tuple([
  z.literal('error'),
  z.object({ patterns: z.array(z.object({ regex: z.string(), message: z.string() })) }),
])

function linterOverrides(): z.infer<typeof LinterSettings>['overrides'] {
  return LinterSettings.parse(JSON.parse(readFileSync(join(ROOT, '.oxlintrc.json'), 'utf8'))).overrides
}

function linterBans(room: string): (specifier: string) => boolean {
  const override = linterOverrides().find(({ files }) => files.includes(`src/${room}/**`))
  const [, { patterns }] = RestrictedImports.parse(override?.rules['no-restricted-imports'])
  return (specifier) => patterns.some(({ regex }) => new RegExp(regex).test(specifier))
}

function switchedOff(rule: string): readonly string[] {
  return linterOverrides()
    .filter(({ files, rules }) => rules[rule] === 'off' && files.some((file) => file.startsWith('src/')))
    .flatMap(({ files }) => files)
    .toSorted()
}

describe('the linter and the architecture checker', () => {
  const rooms = Object.keys(ROOM_IMPORTS)

  it.each(rooms.filter((room) => room !== 'broker'))('agree on what %s may import', (room) => {
    const bans = linterBans(room)
    const allowed = [room, ...(ROOM_IMPORTS[room] ?? [])]
    expect(rooms.filter((other) => other !== room && !bans(`../${other}/a.ts`))).toEqual(
      rooms.filter((other) => other !== room && allowed.includes(other)),
    )
    expect(rooms.filter((other) => bans(`../../${other}/deep/a.ts`))).toEqual(
      rooms.filter((other) => !allowed.includes(other)),
    )
    for (const name of [
      'hono',
      'hono/cors',
      '@hono/node-server',
      'ioredis',
      'prom-client',
      'pino',
      'commander',
      'zod',
    ]) {
      const owner = PACKAGE_ROOMS.find(({ packages }) => packages.test(name))
      expect({ name, banned: bans(name) }).toEqual({ name, banned: owner !== undefined && !owner.rooms.includes(room) })
    }
  })

  it('agree on where the environment, the clock, randomness and the console may be used', () => {
    const paths = ['src/broker/config/**', 'src/broker/cli/**', 'src/broker/app.ts', 'src/lab/main.ts', 'src/fci/**']
    const allowedBy = (roots: readonly RegExp[]) =>
      paths.filter((path) => roots.some((root) => root.test(path))).toSorted()
    expect(switchedOff('node/no-process-env')).toEqual(allowedBy(AMBIENT_ROOTS))
    expect(switchedOff('no-restricted-properties')).toEqual(allowedBy(AMBIENT_ROOTS))
    expect(switchedOff('no-console')).toEqual(allowedBy(CONSOLE_ROOTS))
  })
})
