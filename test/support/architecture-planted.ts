/** Files of a small tree, by path. */
export type Tree = Readonly<Record<string, string>>

/** One rule, a tree that breaks it and where, and a tree that comes close and keeps it. */
export interface PlantedViolation {
  readonly rule: string
  readonly because: string
  readonly breaks: Tree
  /** `file:line` of each violation. */
  readonly at: readonly string[]
  readonly keeps: Tree
}

function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `export const line${index} = ${index}\n`).join('')
}

/** At least one planted violation per rule of the architecture checker. */
export const PLANTED_VIOLATIONS: readonly PlantedViolation[] = [
  {
    rule: 'room',
    because: 'a file lies in no room',
    breaks: { 'src/loose.ts': 'export const a = 1', 'src/extras/a.ts': 'export const a = 1' },
    at: ['src/extras/a.ts:1', 'src/loose.ts:1'],
    keeps: { 'src/federation/peers.ts': 'export const a = 1' },
  },
  {
    rule: 'direction',
    because: 'a static, type-only, dynamic, re-exporting or in-type import goes against the direction',
    breaks: {
      'src/fci/prefix.ts': [
        `import { pick } from '../routing/pick.ts'`,
        `import type { Scope } from '../broker/scopes/scope.ts'`,
        `export const load = () => import('../moq/relay.ts')`,
        `export { relay } from '../moq/relay.ts'`,
        `export type Relay = import('../moq/relay.ts').Relay`,
        `import { plan } from '../../test/support/plan.ts'`,
        `export const worker = new URL('../lab/main.ts', import.meta.url)`,
        `export * as moq from '../moq/relay.ts'`,
      ].join('\n'),
    },
    at: [1, 2, 3, 4, 5, 6, 7, 8].map((line) => `src/fci/prefix.ts:${line}`),
    keeps: {
      'src/fci/prefix.ts': `import { a } from './footprint.ts'\n// from '../broker/a.ts'\nexport const text = "import('../broker/a.ts')"`,
      'src/routing/pick.ts': `import { a } from '../fci/footprint.ts'`,
      'src/lab/main.ts': `import { a } from '../moq/relay.ts'\nimport { b } from '../fci/prefix.ts'`,
      'src/adapters/contract.ts': `import { a } from '../moq/relay.ts'`,
      'src/broker/app.ts': `import { a } from '../lab/main.ts'`,
    },
  },
  {
    rule: 'direction',
    because: 'a room imports the broker',
    breaks: {
      'src/routing/a.ts': `import '../broker/app.ts'`,
      'src/moq/a.ts': `import '../broker/app.ts'`,
      'src/adapters/a.ts': `import '../broker/app.ts'`,
      'src/lab/a.ts': `import '../broker/app.ts'`,
      'src/federation/a.ts': `import '../broker/app.ts'`,
    },
    at: ['adapters', 'federation', 'lab', 'moq', 'routing'].map((room) => `src/${room}/a.ts:1`),
    keeps: { 'src/broker/http/a.ts': `import '../app.ts'` },
  },
  {
    rule: 'adapter-kind',
    because: 'an adapter knows another, or anything but the registry knows an adapter',
    breaks: {
      'src/adapters/cloudflare/adapter.ts': `import { a } from '../draft-http/wire.ts'`,
      'src/adapters/contract.ts': `import type { A } from './cloudflare/adapter.ts'`,
      'src/broker/app.ts': `import { a } from '../adapters/cloudflare/adapter.ts'`,
    },
    at: ['src/adapters/cloudflare/adapter.ts:1', 'src/adapters/contract.ts:1', 'src/broker/app.ts:1'],
    keeps: {
      'src/adapters/cloudflare/adapter.ts': `import { a } from './wire.ts'\nimport { b } from '../contract.ts'`,
      'src/adapters/registry.ts': `import { a } from './cloudflare/adapter.ts'`,
      'src/broker/app.ts': `import { a } from '../adapters/registry.ts'`,
    },
  },
  {
    rule: 'package',
    because: 'a package is used outside the rooms that own it',
    breaks: {
      'src/fci/a.ts': `import { Hono } from 'hono'`,
      'src/moq/a.ts': `import { serve } from '@hono/node-server'`,
      'src/adapters/a.ts': `import { pino } from 'pino'`,
      'src/lab/a.ts': `import { Redis } from 'ioredis'\nimport { Registry } from 'prom-client'\nimport { Command } from 'commander'`,
    },
    at: [
      'src/adapters/a.ts:1',
      'src/fci/a.ts:1',
      'src/lab/a.ts:1',
      'src/lab/a.ts:2',
      'src/lab/a.ts:3',
      'src/moq/a.ts:1',
    ],
    keeps: {
      'src/lab/a.ts': `import { cors } from 'hono/cors'`,
      'src/broker/a.ts': `import { Redis } from 'ioredis'\nimport { pino } from 'pino'`,
      'src/moq/a.ts': `import { WebSocket } from 'ws'`,
    },
  },
  {
    rule: 'barrel',
    because: 'a file hands on what other files export',
    breaks: {
      'src/fci/all.ts': `export const a = 1\nexport * from './prefix.ts'`,
      'src/fci/some.ts': `export { b } from './prefix.ts'`,
      'src/fci/twice.ts': `import { b } from './prefix.ts'\nexport { b }`,
    },
    at: ['src/fci/all.ts:2', 'src/fci/some.ts:1', 'src/fci/twice.ts:1'],
    keeps: { 'src/fci/some.ts': `import { b } from './prefix.ts'\nconst c = b\nexport { c }` },
  },
  {
    rule: 'ambient',
    because: 'the environment, the clock or randomness is read instead of handed in',
    breaks: {
      'src/moq/relay.ts': [
        `export const a = Date.now()`,
        `export const b = (now = Date.now) => now()`,
        `export const c = Math.random()`,
        `export const d = new Date()`,
        `export const e = process.env['HOME']`,
        `export const { env } = process`,
        `import { env as settings } from 'node:process'`,
        `export const g = globalThis.Date.now()`,
        `export const h = Date()`,
        `export const i = globalThis['process'].env`,
      ].join('\n'),
      'src/broker/http/a.ts': 'export const a = Date.now()',
      'src/lab/relay.ts': 'export const a = Math.random()',
    },
    at: [
      'src/broker/http/a.ts:1',
      'src/lab/relay.ts:1',
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((line) => `src/moq/relay.ts:${line}`),
    ],
    keeps: {
      'src/moq/relay.ts': `export const a = (now: number) => new Date(now)\n// Date.now()\nexport const b = 'Date.now()'`,
      'src/broker/config/environment.ts': `export const a = process.env`,
      'src/broker/cli/main.ts': `export const a = Date.now()`,
      'src/broker/app.ts': `export const a = Math.random`,
      'src/lab/main.ts': `export const a = new Date()`,
    },
  },
  {
    rule: 'console',
    because: 'something writes to the console',
    breaks: { 'src/broker/app.ts': `console.log('started')`, 'src/lab/relay.ts': `const { a } = { a: console.error }` },
    at: ['src/broker/app.ts:1', 'src/lab/relay.ts:1'],
    keeps: { 'src/broker/cli/main.ts': `console.log('started')`, 'src/lab/main.ts': `console.log('started')` },
  },
  {
    rule: 'location',
    because: 'code asks where its own file lies',
    breaks: { 'src/lab/relay.ts': `export const a = new URL('./main.js', import.meta.url)` },
    at: ['src/lab/relay.ts:1'],
    keeps: { 'src/broker/program-file.ts': `export const a = import.meta.url`, 'src/lab/a.ts': `import('./b.ts')` },
  },
  {
    rule: 'assertion',
    because: 'a type assertion stands where a check belongs',
    breaks: {
      'src/fci/prefix.ts': `export const a = JSON.parse('1') as any\nexport const b = 1 as unknown as string\nexport const c = <string>a`,
    },
    at: ['src/fci/prefix.ts:1', 'src/fci/prefix.ts:2', 'src/fci/prefix.ts:2', 'src/fci/prefix.ts:3'],
    keeps: {
      'src/fci/prefix.ts': `import { a as b } from './footprint.ts'\nexport const c = { b } as const\n// as any`,
    },
  },
  {
    rule: 'file-name',
    because: 'a file name is vague or not kebab-case',
    breaks: {
      'src/fci/utils.ts': '',
      'src/fci/helpers.ts': '',
      'src/fci/types.ts': '',
      'src/fci/misc.ts': '',
      'src/fci/common.ts': '',
      'src/fci/index.ts': '',
      'src/fci/namedFootprint.ts': '',
      'src/fci/Prefix.ts': '',
      'test/fci/named_footprint.test.ts': '',
      'bench/helper.ts': '',
    },
    at: [
      ...['Prefix', 'common', 'helpers', 'index', 'misc', 'namedFootprint', 'types', 'utils'].map(
        (name) => `src/fci/${name}.ts:1`,
      ),
      'test/fci/named_footprint.test.ts:1',
      'bench/helper.ts:1',
    ],
    keeps: { 'src/fci/footprint-types.ts': '', 'test/fci/named-footprint.test.ts': '', 'bench/provision.ts': '' },
  },
  {
    rule: 'file-length',
    because: 'a file is too long to be read in one sitting',
    breaks: { 'src/fci/long.ts': lines(401), 'test/fci/long.test.ts': lines(402) },
    at: ['src/fci/long.ts:1', 'test/fci/long.test.ts:1'],
    keeps: { 'src/fci/long.ts': lines(400) },
  },
  {
    rule: 'suppression',
    because: 'a comment switches a check off',
    breaks: {
      'src/fci/a.ts': `// @ts-ignore\nexport const a = 1\n/* eslint-disable */\n// oxlint-disable-next-line no-console`,
      'test/fci/a.test.ts': `export const a = \`\${1 /* @ts-expect-error */}\`\n// biome-ignore lint: no`,
    },
    at: ['src/fci/a.ts:1', 'src/fci/a.ts:3', 'src/fci/a.ts:4', 'test/fci/a.test.ts:1', 'test/fci/a.test.ts:2'],
    keeps: { 'src/fci/a.ts': `export const a = '// @ts-ignore'\nexport const b = /eslint-disable/` },
  },
  {
    rule: 'left-out-test',
    because: 'a test is left out, left alone or left for later',
    breaks: {
      'test/fci/a.test.ts': [
        `it.skip('a', () => {})`,
        `describe.only('b', () => {})`,
        `test.todo('c')`,
        `it.concurrent.only('d', () => {})`,
        `xit('e', () => {})`,
        `it.fails('f', () => {})`,
        `it.skip.each([1])('g', () => {})`,
      ].join('\n'),
    },
    at: [1, 2, 3, 4, 5, 6, 7].map((line) => `test/fci/a.test.ts:${line}`),
    keeps: { 'test/fci/a.test.ts': `describe.skipIf(true)('a', () => {})\niter.skip()\nit('says it.skip', () => {})` },
  },
  {
    rule: 'conformance-name',
    because: 'a conformance suite names an implementation',
    breaks: {
      'src/adapters/draft-http/adapter.ts': 'export const a = 1',
      'test/conformance/store.ts': `export const a = 'Redis'\n// the draft-http adapter differs`,
    },
    at: ['test/conformance/store.ts:1', 'test/conformance/store.ts:2'],
    keeps: {
      'test/conformance/store.ts': `export const a = 'the store'`,
      'test/store/redis.test.ts': `export const a = 'redis'`,
    },
  },
]
