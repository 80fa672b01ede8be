import type { Capabilities } from '../../src/adapters/capabilities.ts'
import type { AdapterDeps, CallContext, CreateScope, ProviderAdapter } from '../../src/adapters/contract.ts'
import type { RegisteredAdapter } from '../../src/adapters/registry.ts'

/** What a provider is told to do wrong, with every request until it is told otherwise or `times` are used up. */
export interface AdapterFault {
  /** Answers this status with the error body that the provider would send; without effect. */
  readonly status?: number
  readonly retryAfterSeconds?: number
  /** Resets the connection before or after the request took effect. */
  readonly reset?: 'before' | 'after'
  /** Never answers; `after`: the request took effect. */
  readonly stall?: 'before' | 'after'
  /** 2xx that is no JSON, JSON of another shape, or endless. */
  readonly garbage?: 'text' | 'shape' | 'huge'
  readonly times?: number
}

/** A scope as the provider itself has it. */
export interface ProvidersScope {
  readonly id: string
  readonly label?: string
  /** Hosts of its upstreams, with ports. */
  readonly upstreams: readonly string[]
}

/** A running provider with an adapter's way to it, empty at first. */
export interface AdapterSubject extends AsyncDisposable {
  /** Options for this provider, as an operator would write them. */
  readonly options: Readonly<Record<string, unknown>>
  setFault(fault: AdapterFault | undefined): Promise<void>
  /** `unknown-members`: answers hold more than is documented. `echo`: error answers repeat the request. */
  setMangling(mangling: 'none' | 'unknown-members' | 'echo'): void
  scopes(): Promise<readonly ProvidersScope[]>
  requestCount(): number
  connectionCount(): number
  /** Ends when so many requests have arrived. */
  arrived(count: number): Promise<void>
  /** Ends when no request is under way. */
  idle(): Promise<void>
  /** Ends when no connection is open. */
  disconnected(): Promise<void>
}

export interface AdapterConformance {
  /** What is tested, for the titles. */
  readonly name: string
  readonly definition: RegisteredAdapter
  /** What the adapter must declare with the subject's options. */
  readonly capabilities: Capabilities
  open(): Promise<AdapterSubject>
}

/** An ability that an adapter may lack; a test that needs it is skipped then, and only then. */
export type Ability =
  | 'configAtCreate'
  | 'updateConfig'
  | 'get'
  | 'list'
  | 'delete'
  | 'adoptByLabel'
  | 'idempotentCreate'
  | 'mintCredential'
  | 'revokeCredential'
  | 'credentialLimit'

export const ABILITIES: readonly Ability[] = [
  'configAtCreate',
  'updateConfig',
  'get',
  'list',
  'delete',
  'adoptByLabel',
  'idempotentCreate',
  'mintCredential',
  'revokeCredential',
  'credentialLimit',
]

export function isDeclared(capabilities: Capabilities, ability: Ability): boolean {
  return ability === 'credentialLimit' ? capabilities.credentialLimit !== undefined : capabilities[ability]
}

/** A test that needs abilities. */
export type AbilityTest = (
  needs: readonly Ability[],
  title: string,
  test: (subject: AdapterSubject, adapter: ProviderAdapter) => Promise<void>,
) => void

/** Long enough for a busy machine, short enough for a test that waits for it. */
export const TIMEOUT_MS = 1000

export const ADAPTER_DEPS: AdapterDeps = { provider: 'cdn-under-test', timeoutMs: TIMEOUT_MS, now: () => Date.now() }

export function openAdapter(
  { definition }: AdapterConformance,
  subject: AdapterSubject,
  deps: Partial<AdapterDeps> = {},
): ProviderAdapter {
  const result = definition.configure(subject.options)
  if (!result.ok) throw new Error(`the subject's options are refused: ${JSON.stringify(result.issues)}`)
  return result.adapter.create({ ...ADAPTER_DEPS, ...deps })
}

/** A call that nobody ends. */
export function someCall(more: Partial<CallContext> = {}): CallContext {
  return { signal: new AbortController().signal, ...more }
}

let made = 0

/** A creation with a label of its own. */
export function someScope(upstreams: readonly string[] = []): CreateScope {
  made += 1
  return { label: `broker-1.scope_${made}`, upstreams }
}

/** An upstream that this adapter takes; its path is a token. */
export function someUpstream(capabilities: Capabilities, host = 'primary.example'): string {
  return `${capabilities.upstreamSchemes[0]}://${host}/upstream-Secret-${host}`
}
