import { readFileSync } from 'node:fs'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { adapterDefinition, adapterTypes, type ConfiguredAdapter } from '../../adapters/registry.ts'
import { checkFederation, type PeerSecrets } from './check-federation.ts'
import { type Config, ConfigSchema } from './config-schema.ts'
import { resolveSecret, type SecretSources } from './secret-reference.ts'

export interface ConfigIssue {
  /** Where in the file, e.g. `providers[0].options.token`. */
  readonly path: string
  readonly message: string
  readonly line?: number
}

/** The configuration file is wrong. Its message lists every issue with its path; it never holds a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly issues: readonly ConfigIssue[]

  constructor(source: string, issues: readonly ConfigIssue[]) {
    super([`${source} is not a valid configuration:`, ...issues.map(inWords)].join('\n'))
    this.issues = issues
  }
}

/** A checked configuration with its secrets found. `config` itself still holds only references. */
export interface LoadedConfig {
  readonly config: Config
  readonly adapters: ReadonlyMap<string, ConfiguredAdapter>
  readonly secrets: {
    readonly encryptionKey?: Uint8Array
    readonly redisPassword?: string
    readonly keys: readonly {
      readonly name: string
      readonly role: 'reader' | 'operator' | 'admin'
      readonly key: string
    }[]
    /** By provider id. */
    readonly fciTokens: ReadonlyMap<string, string>
    /** By peer id. */
    readonly peers: ReadonlyMap<string, PeerSecrets>
  }
}

const MAX_ALIASES = 100

/** Reads and checks a YAML file. Throws `ConfigError`. */
export function loadConfigFile(path: string, sources: SecretSources): LoadedConfig {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    throw new ConfigError(path, [{ path: '', message: `it cannot be read (${reason})` }])
  }
  return loadConfigText(text, path, sources)
}

export function loadConfigText(text: string, source: string, sources: SecretSources): LoadedConfig {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, uniqueKeys: true })
  if (document.errors.length > 0) {
    throw new ConfigError(
      source,
      document.errors.map((error) => ({
        path: '',
        message: error.message.split('\n')[0] ?? 'not YAML',
        line: lineCounter.linePos(error.pos[0]).line,
      })),
    )
  }
  const lineOf = (path: readonly PropertyKey[]): number | undefined => {
    const node = document.getIn(
      path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
      true,
    )
    if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined
    const start: unknown = node.range[0]
    return typeof start === 'number' ? lineCounter.linePos(start).line : undefined
  }
  return checkConfig(toData(document, source), source, sources, lineOf)
}

/** Throws `ConfigError` for a document that would grow without bounds: aliases of aliases of aliases. */
function toData(document: Document, source: string): unknown {
  try {
    const data: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    return data ?? {}
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    throw new ConfigError(source, [{ path: '', message: 'its YAML aliases multiply; write the values out' }])
  }
}

/** Checks a configuration that is data already. Throws `ConfigError`. */
export function checkConfig(
  value: unknown,
  source: string,
  sources: SecretSources,
  lineOf: (path: readonly PropertyKey[]) => number | undefined = () => undefined,
): LoadedConfig {
  const parsed = ConfigSchema.safeParse(value)
  const issues: ConfigIssue[] = []
  const add = (path: readonly PropertyKey[], message: string): void => {
    const line = lineOf(path)
    issues.push({ path: pathInWords(path), message, ...(line === undefined ? {} : { line }) })
  }
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys) add([...issue.path, key], 'there is no such key')
      } else add(issue.path, issue.message)
    }
    throw new ConfigError(source, issues)
  }
  const config = parsed.data
  const find = (path: readonly PropertyKey[], reference: string | undefined): string | undefined => {
    if (reference === undefined) return undefined
    const resolved = resolveSecret(reference, sources)
    if (resolved.ok) return resolved.value
    add(path, resolved.message)
    return undefined
  }

  const encryptionText = find(['secrets', 'encryption_key'], config.secrets.encryption_key)
  const encryptionKey = encryptionText === undefined ? undefined : decodeKey(encryptionText)
  if (encryptionText !== undefined && encryptionKey === undefined) {
    add(
      ['secrets', 'encryption_key'],
      'must be 32 bytes as base64 or 64 hex digits (make one: openssl rand -base64 32)',
    )
  }
  if (config.store.kind === 'redis' && config.secrets.encryption_key === undefined) {
    add(['secrets', 'encryption_key'], 'is needed with a Redis store, because every replica must use the same key')
  }
  const redisPassword = config.store.kind === 'redis' ? find(['store', 'password'], config.store.password) : undefined
  const keys = config.keys.flatMap((key, index) => {
    const found = find(['keys', index, 'key'], key.key)
    if (found === undefined) return []
    if (found.length < 24) add(['keys', index, 'key'], 'must have at least 24 characters')
    return [{ name: key.name, role: key.role, key: found }]
  })

  const adapters = new Map<string, ConfiguredAdapter>()
  const fciTokens = new Map<string, string>()
  config.providers.forEach((provider, index) => {
    if (adapters.has(provider.id)) add(['providers', index, 'id'], `"${provider.id}" is used twice`)
    const definition = adapterDefinition(provider.adapter)
    if (definition === undefined) {
      add(
        ['providers', index, 'adapter'],
        `there is no adapter "${provider.adapter}"; there are ${adapterTypes().join(', ')}`,
      )
      return
    }
    const options: Record<string, unknown> = { ...provider.options }
    for (const name of definition.secretOptions) {
      const reference = options[name]
      if (typeof reference !== 'string') continue
      const resolved = find(['providers', index, 'options', name], reference)
      if (resolved === undefined) return
      options[name] = resolved
    }
    const configured = definition.configure(options)
    if (configured.ok) adapters.set(provider.id, configured.adapter)
    else for (const issue of configured.issues) add(['providers', index, 'options', ...issue.path], issue.message)
    if (provider.fci !== undefined && provider.fci_file !== undefined) {
      add(['providers', index, 'fci_file'], 'give fci or fci_file, not both')
    }
    if (provider.fci?.subscribe === true && config.public_url === undefined) {
      add(['providers', index, 'fci', 'subscribe'], 'needs public_url, which the provider sends its changes to')
    }
    const token = find(['providers', index, 'fci', 'token'], provider.fci?.token)
    if (token !== undefined) fciTokens.set(provider.id, token)
  })
  const peers = checkFederation(config.federation, find, add)
  if (issues.length > 0) throw new ConfigError(source, issues)
  return {
    config,
    adapters,
    secrets: {
      ...(encryptionKey === undefined ? {} : { encryptionKey }),
      ...(redisPassword === undefined ? {} : { redisPassword }),
      keys,
      fciTokens,
      peers,
    },
  }
}

/** 32 bytes from base64, base64url or hex; `undefined` for anything else. */
export function decodeKey(text: string): Uint8Array | undefined {
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  return bytes.length === 32 ? new Uint8Array(bytes) : undefined
}

function pathInWords(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
}

function inWords(issue: ConfigIssue): string {
  const line = issue.line === undefined ? '' : ` (line ${issue.line})`
  return `  ${issue.path === '' ? 'file' : issue.path}${line}: ${issue.message}`
}
