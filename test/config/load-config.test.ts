import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ConfigError, loadConfigFile, loadConfigText } from '../../src/broker/config/load-config.ts'
import type { SecretSources } from '../../src/broker/config/secret-reference.ts'
import { showConfig } from '../../src/broker/config/show-config.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')
const sources: SecretSources = {
  env: { CDN_TOKEN: 'very-secret-token', BROKER_KEY: KEY, ADMIN: 'a-long-enough-admin-key-0001' },
  readFile: (path) => {
    if (path === '/run/secrets/token') return 'token-from-a-file\n'
    throw new Error('ENOENT')
  },
}

const GOOD = `
providers:
  - id: alpha
    adapter: draft-http
    options: { base_url: "https://alpha.example", token: "env:CDN_TOKEN" }
`

function issuesOf(
  text: string,
): readonly { readonly path: string; readonly message: string; readonly line?: number }[] {
  try {
    loadConfigText(text, 'test.yaml', sources)
  } catch (error) {
    if (error instanceof ConfigError) return error.issues
    throw error
  }
  return []
}

it('fills in every default and finds the secrets', () => {
  const { config, adapters } = loadConfigText(GOOD, 'test.yaml', sources)
  expect(config.listen).toEqual({
    host: '127.0.0.1',
    port: 8080,
    trusted_proxies: [],
    client_field: 'x-forwarded-for',
  })
  expect(config.store).toEqual({ kind: 'embedded', path: 'data/broker' })
  expect(adapters.get('alpha')?.type).toBe('draft-http')
})

it('reads a secret from a file without its line end', () => {
  const { adapters } = loadConfigText(GOOD.replace('env:CDN_TOKEN', 'file:/run/secrets/token'), 'test.yaml', sources)
  expect(adapters.has('alpha')).toBe(true)
})

it.each([
  ['an unknown key', `${GOOD}lsten: {}\n`, 'lsten', 'there is no such key'],
  [
    'an unknown key far down',
    GOOD.replace('adapter:', 'prioritty: 3\n    adapter:'),
    'providers[0].prioritty',
    'there is no such key',
  ],
  ['an unknown adapter', GOOD.replace('draft-http', 'akamai'), 'providers[0].adapter', 'there is no adapter "akamai"'],
  [
    'a secret in the file',
    GOOD.replace('env:CDN_TOKEN', 'very-secret-token'),
    'providers[0].options.token',
    'does not belong into the file',
  ],
  ['a missing variable', GOOD.replace('CDN_TOKEN', 'NOWHERE'), 'providers[0].options.token', 'NOWHERE is not set'],
  [
    'a missing file',
    GOOD.replace('env:CDN_TOKEN', 'file:/nowhere'),
    'providers[0].options.token',
    '/nowhere cannot be read',
  ],
  ['a bad URL', GOOD.replace('https://alpha.example', 'alpha'), 'providers[0].options.base_url', 'URL'],
  ['two providers of one name', `${GOOD}${GOOD.replace('\nproviders:\n', '')}`, 'providers[1].id', 'used twice'],
  ['no provider', 'providers: []\n', 'providers', 'at least one'],
  ['a bad port', `${GOOD}listen: { port: 70000 }\n`, 'listen.port', '65535'],
  [
    'a Redis URL with a password',
    `${GOOD}store: { kind: redis, url: "redis://:pw@host" }\nsecrets: { encryption_key: "env:BROKER_KEY" }\n`,
    'store.url',
    'must not hold a password',
  ],
  [
    'Redis without a key',
    `${GOOD}store: { kind: redis, url: "redis://host" }\n`,
    'secrets.encryption_key',
    'every replica',
  ],
  [
    'a short encryption key',
    `${GOOD}secrets: { encryption_key: "env:CDN_TOKEN" }\n`,
    'secrets.encryption_key',
    '32 bytes',
  ],
  ['a wait as long as the request', `${GOOD}limits: { wait_ms: 60000 }\n`, 'limits.wait_ms', 'less than'],
])('refuses %s, with its path', (_what, text, path, message) => {
  expect(issuesOf(text)).toContainEqual(expect.objectContaining({ path, message: expect.stringContaining(message) }))
})

it('tells the line of a fault', () => {
  expect(issuesOf(GOOD.replace('draft-http', 'akamai'))[0]?.line).toBe(4)
})

it('refuses text that is not YAML, and a key given twice', () => {
  expect(issuesOf('providers: [')).not.toEqual([])
  expect(issuesOf(`${GOOD}log: {}\nlog: {}\n`)[0]?.message).toContain('unique')
})

it('refuses aliases that multiply', () => {
  const levels = Array.from({ length: 9 }, (_, level) => `  a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(9)}]`)
  expect(issuesOf(`${GOOD}bomb:\n  a0: &a0 [lol]\n${levels.join('\n')}\n`)[0]?.message).toContain('aliases')
})

it('never quotes a secret in an error', () => {
  const text = GOOD.replace('env:CDN_TOKEN', 'very-secret-token')
  expect(JSON.stringify(issuesOf(text))).not.toContain('very-secret-token')
})

it('names a file that cannot be read', () => {
  expect(() => loadConfigFile('/nowhere/broker.yaml', sources)).toThrow('/nowhere/broker.yaml')
})

it('prints a configuration that is valid again and holds no secret', () => {
  const first = loadConfigText(`${GOOD}keys: [{ name: ops, role: admin, key: "env:ADMIN" }]\n`, 'test.yaml', sources)
  const shown = showConfig(first.config)
  for (const secret of Object.values(sources.env)) expect(shown).not.toContain(secret)
  expect(loadConfigText(shown, 'shown.yaml', sources).config).toEqual(first.config)
})

it('hides a secret option that is no reference when it prints', () => {
  const { config } = loadConfigText(GOOD, 'test.yaml', sources)
  const options = { base_url: 'https://u:pw@alpha.example', token: 'plain-text-secret' }
  const shown = showConfig({ ...config, providers: config.providers.map((provider) => ({ ...provider, options })) })
  expect(shown).not.toContain('plain-text-secret')
  expect(shown).not.toContain('pw@')
})

it('reads a file from the disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'moq-broker-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'broker.yaml')
  writeFileSync(path, GOOD)
  expect(loadConfigFile(path, sources).config.providers).toHaveLength(1)
})
