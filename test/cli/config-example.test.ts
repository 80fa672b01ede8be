import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { cloudflareOptionsSchema } from '../../src/adapters/cloudflare/options.ts'
import { draftHttpOptionsSchema } from '../../src/adapters/draft-http/options.ts'
import { ConfigSchema } from '../../src/broker/config/config-schema.ts'
import { checkConfig, loadConfigText } from '../../src/broker/config/load-config.ts'

const TEXT = readFileSync(fileURLToPath(new URL('../../config.example.yaml', import.meta.url)), 'utf8')
const SECRET = 'ab'.repeat(32)
const SECRETS = {
  env: Object.fromEntries([...TEXT.matchAll(/\benv:(\w+)/g)].map((match) => [match[1] ?? '', SECRET])),
  readFile: () => SECRET,
}

const Node = z.looseObject({})
/** The file with the keys that are off in it. */
const complete = Node.parse(parse(TEXT.replaceAll(/^( *)#(?=\S)/gm, '$1')))
const store = Node.parse(complete['store'])

/** Paths of all keys in data; items of a list count as one. */
function keysIn(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => keysIn(item, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) => [`${path}.${key}`, ...keysIn(child, `${path}.${key}`)])
}

const JsonSchema = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
})

/** The same of a schema. */
function keysOf(schema: unknown, path = ''): readonly string[] {
  const { properties = {}, items, anyOf = [], oneOf = [] } = JsonSchema.parse(schema)
  return [
    ...Object.entries(properties).flatMap(([key, child]) => [`${path}.${key}`, ...keysOf(child, `${path}.${key}`)]),
    ...(items === undefined ? [] : keysOf(items, `${path}[]`)),
    ...[...anyOf, ...oneOf].flatMap((one) => keysOf(one, path)),
  ]
}

function keysOfSchema(schema: z.ZodType, path = ''): readonly string[] {
  return keysOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), path)
}

function sorted(keys: readonly string[]): readonly string[] {
  return [...new Set(keys)].toSorted()
}

describe('config.example.yaml', () => {
  it('is a configuration that the broker takes', () => {
    const { config } = loadConfigText(TEXT, 'config.example.yaml', SECRETS)
    expect(config.providers.map(({ adapter }) => adapter)).toEqual(['draft-http', 'cloudflare'])
  })

  it('has every key of the schema, and no other', () => {
    const options = '.providers[].options.'
    const shown = sorted(keysIn(complete).filter((key) => !key.startsWith(options)))
    expect(shown).toEqual(sorted(keysOfSchema(ConfigSchema)))
  })

  it('has every option of every adapter', () => {
    const providers = z.array(z.object({ adapter: z.string(), options: Node })).parse(complete['providers'])
    const schemas = { 'draft-http': draftHttpOptionsSchema, cloudflare: cloudflareOptionsSchema }
    for (const [adapter, schema] of Object.entries(schemas)) {
      const options = providers.filter((provider) => provider.adapter === adapter).map((provider) => provider.options)
      expect(sorted(options.flatMap((one) => keysIn(one)))).toEqual(sorted(keysOfSchema(schema)))
    }
  })

  it.each([
    ['embedded', ['kind', 'path'], { kind: 'embedded' }],
    ['a Redis server', ['kind', 'url', 'prefix', 'username', 'password', 'ca_file', 'timeout_ms'], {}],
    ['Redis Sentinel', ['kind', 'sentinels', 'prefix', 'username', 'password', 'ca_file', 'timeout_ms'], {}],
    ['Redis Cluster', ['kind', 'cluster', 'prefix', 'username', 'password', 'ca_file', 'timeout_ms'], {}],
  ])('shows a store that works: %s', (_, keys, instead) => {
    const chosen = { ...Object.fromEntries(keys.map((key) => [key, store[key]])), ...instead }
    const config = { ...Node.parse(parse(TEXT)), store: chosen }
    expect(Object.keys(checkConfig(config, 'the example', SECRETS).config.store)).toEqual(expect.arrayContaining(keys))
  })

  it('shows the defaults', () => {
    const minimal = {
      providers: [{ id: 'a', adapter: 'draft-http', options: { base_url: 'http://a', token: 'env:T' } }],
    }
    const defaults = checkConfig(minimal, 'minimal', { env: { T: 't' }, readFile: () => '' }).config
    for (const section of [
      'listen',
      'routing',
      'redirect',
      'steering',
      'health',
      'failover',
      'repair',
      'operations',
      'limits',
      'metrics',
      'log',
    ] as const) {
      // What has no default is shown by an example.
      const shown = Object.entries(Node.parse(complete[section])).filter(([key]) =>
        Object.hasOwn(defaults[section], key),
      )
      expect({ section, shown: Object.fromEntries(shown) }).toEqual({ section, shown: defaults[section] })
    }
    expect(store['path']).toBe(defaults.store.kind === 'embedded' ? defaults.store.path : undefined)
  })

  it('holds no secret, only where to find it', () => {
    const { config } = loadConfigText(TEXT, 'config.example.yaml', SECRETS)
    expect(JSON.stringify(config)).not.toContain(SECRET)
    for (const key of ['token', 'api_token', 'password', 'encryption_key', 'key']) {
      for (const match of TEXT.matchAll(new RegExp(`^ *#?${key}: (.*)$`, 'gm')))
        expect(match[1]).toMatch(/^(?:env|file):/)
    }
  })
})
