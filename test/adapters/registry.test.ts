import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Capabilities } from '../../src/adapters/capabilities.ts'
import { cloudflareOptionsSchema } from '../../src/adapters/cloudflare/options.ts'
import { draftHttpOptionsSchema } from '../../src/adapters/draft-http/options.ts'
import { adapterDefinition, adapterTypes } from '../../src/adapters/registry.ts'
import { defined } from '../support/defined.ts'

const MINIMAL: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'draft-http': { base_url: 'https://cdn.example', token: 'secret' },
  cloudflare: { account_id: 'acc', api_token: 'secret', relay_url: 'https://relay.example' },
}

const DRAFT_EXTENDED = {
  operations: ['get', 'list', 'update', 'delete', 'mint', 'revoke'],
  subscribe_token: true,
  labels: true,
  idempotency_key: true,
}

describe('the registry', () => {
  it('lists each type once, in alphabetical order, and finds it', () => {
    expect(adapterTypes()).toEqual([...new Set(adapterTypes())].toSorted())
    for (const type of adapterTypes()) {
      const definition = defined(adapterDefinition(type))
      expect(definition.type).toBe(type)
      expect(definition.title).not.toBe('')
      expect(definition.docsUrl).toMatch(/^https:\/\//)
    }
    expect(adapterDefinition('toString')).toBeUndefined()
  })

  it('names as secret only options that exist', () => {
    for (const type of adapterTypes()) {
      const definition = defined(adapterDefinition(type))
      expect(Object.keys(MINIMAL[type] ?? {})).toEqual(expect.arrayContaining([...definition.secretOptions]))
    }
  })

  it.each([
    { type: 'draft-http', options: { base_url: 'cdn.example' }, path: ['base_url'] },
    { type: 'draft-http', options: { base_url: 'https://user:pw@cdn.example' }, path: ['base_url'] },
    { type: 'draft-http', options: { base_url: 'https://cdn.example/?a' }, path: ['base_url'] },
    { type: 'draft-http', options: { base_url: 'ftp://cdn.example' }, path: ['base_url'] },
    { type: 'draft-http', options: { token_header: 'x\r\ny' }, path: ['token_header'] },
    { type: 'draft-http', options: { operations: ['get', 'fly'] }, path: ['operations', 1] },
    { type: 'draft-http', options: { operations: ['revoke'] }, path: ['operations'] },
    { type: 'draft-http', options: { revokes_live_sessions: true }, path: ['revokes_live_sessions'] },
    { type: 'draft-http', options: { upstream_schemes: ['moqt:'] }, path: ['upstream_schemes', 0] },
    { type: 'draft-http', options: { labels: 'yes' }, path: ['labels'] },
    { type: 'draft-http', options: { tokn: 'secret' }, path: ['tokn'] },
    { type: 'cloudflare', options: { account_id: 'a/../b' }, path: ['account_id'] },
    { type: 'cloudflare', options: { relay_url: 'relay.example' }, path: ['relay_url'] },
    { type: 'cloudflare', options: { relay_url: 'https://relay.example/?jwt=' }, path: ['relay_url'] },
  ])('refuses $options of $type at $path', ({ type, options, path }) => {
    const result = defined(adapterDefinition(type)).configure({ ...MINIMAL[type], ...options })
    expect(result.ok ? 'accepted' : result.issues.map((issue) => issue.path)).toEqual([path])
  })
})

describe('draft-http', () => {
  it.each([
    { labels: true, operations: ['list', 'mint'], adopts: true },
    { labels: false, operations: ['list', 'mint'], adopts: false },
    { labels: true, operations: ['mint'], adopts: false },
    { labels: true, operations: ['list'], adopts: false },
  ])('with labels $labels and $operations adopts: $adopts', ({ adopts, ...options }) => {
    expect(capabilitiesOf('draft-http', options)).toMatchObject({ adoptByLabel: adopts })
  })
})

describe('docs/adapters.md', () => {
  const text = readFileSync(new URL('../../docs/adapters.md', import.meta.url), 'utf8')

  it('has the capability table of the adapters as they are', () => {
    const documented = text
      .split('\n')
      .filter((line) => line.startsWith('| `') && line.split('|').length === 6)
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
    const columns = [
      capabilitiesOf('draft-http', {}),
      capabilitiesOf('draft-http', DRAFT_EXTENDED),
      capabilitiesOf('cloudflare', {}),
    ]
    const names = [...new Set(columns.flatMap((column) => Object.keys(column)))]
    const actual = names.map((name) => [`\`${name}\``, ...columns.map((column) => cellOf(column[name]))])
    expect(documented).toEqual(actual)
  })

  it('has a section for every adapter type with a row for every option', () => {
    const shapes = { 'draft-http': draftHttpOptionsSchema.shape, cloudflare: cloudflareOptionsSchema.shape }
    expect(Object.keys(shapes).toSorted()).toEqual(adapterTypes())
    for (const [type, shape] of Object.entries(shapes)) {
      const section = text.split('\n### ').find((part) => part.startsWith(`\`${type}\`\n`)) ?? ''
      const rows = [...section.matchAll(/^\| `([a-z_]+)` \|.*\|$/gm)].map(([, name]) => name)
      expect(rows, type).toEqual(expect.arrayContaining(Object.keys(shape)))
    }
  })
})

function capabilitiesOf(type: string, options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const result = defined(adapterDefinition(type)).configure({ ...MINIMAL[type], ...options })
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  const capabilities: Capabilities = result.adapter.capabilities
  return { ...capabilities }
}

/** A capability as the table shows it. */
function cellOf(value: unknown): string {
  if (value === undefined || value === false) return '-'
  if (value === true) return 'yes'
  if (typeof value === 'string' || typeof value === 'number') return `${value}`
  if (!Array.isArray(value)) throw new Error('a capability of a form that the table cannot show')
  if (value.length === 0) return '-'
  return value.map((one: unknown) => (Array.isArray(one) ? one.join('+') : String(one))).join(', ')
}
