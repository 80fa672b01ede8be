import { muteMoqLibraries } from '../../src/moq/library-console.ts'
import { type Grant, type Relay, type RelayOptions, startRelay } from '../../src/moq/relay.ts'

muteMoqLibraries(console)

/** Short enough for tests, long enough for a busy machine. */
const TIMING = {
  handshakeMs: 1_000,
  keepAliveMs: 400,
  syncMs: 500,
  quietMs: 50,
  lingerMs: 50,
  dialTimeoutMs: 3_000,
  retryMinMs: 20,
  retryMaxMs: 200,
}

export interface LoggedEvent {
  readonly event: string
  readonly fields: Readonly<Record<string, string | number | boolean>>
}

/** A relay with a directory that the test may change while it runs. */
export interface TestRelay extends AsyncDisposable {
  readonly relay: Relay
  readonly grants: Map<string, Grant>
  readonly upstreams: Map<string, readonly string[]>
  readonly events: LoggedEvent[]
  /** `ws://127.0.0.1:{port}/{token}`. */
  readonly connectUrl: (token: string) => string
  readonly count: (event: string) => number
  readonly upstreamSessions: () => number
}

/** Tokens `{scope}-pub`, `{scope}-sub` and `{scope}-both` for every scope named. */
export async function startTestRelay(
  scopes: readonly string[],
  options: Partial<Pick<RelayOptions, 'timing' | 'port'>> = {},
): Promise<TestRelay> {
  const grants = new Map<string, Grant>()
  for (const scopeId of scopes) {
    grants.set(`${scopeId}-pub`, { scopeId, publish: true, subscribe: false })
    grants.set(`${scopeId}-sub`, { scopeId, publish: false, subscribe: true })
    grants.set(`${scopeId}-both`, { scopeId, publish: true, subscribe: true })
  }
  const upstreams = new Map<string, readonly string[]>()
  const events: LoggedEvent[] = []
  const relay = await startRelay({
    host: '127.0.0.1',
    port: options.port ?? 0,
    directory: { authorize: (token) => grants.get(token), upstreams: (scopeId) => upstreams.get(scopeId) ?? [] },
    log: (event, fields) => events.push({ event, fields }),
    timing: { ...TIMING, ...options.timing },
  })
  return {
    relay,
    grants,
    upstreams,
    events,
    connectUrl: (token) => `ws://127.0.0.1:${relay.port}/${token}`,
    count: (event) => events.filter((logged) => logged.event === event).length,
    upstreamSessions: () => relay.sessions().filter((session) => session.upstream).length,
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  }
}
