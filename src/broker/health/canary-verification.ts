import { publishCanary, subscribeCanary } from '../../moq/canary.ts'
import type { ConnectUrl, PlacementView, ScopeService } from '../scopes/scope-service.ts'
import { leastCapableUrl } from './canary-credentials.ts'
import { describeSessionFailure } from './kept-session.ts'

/** Whether an object published on the primary came out at one placement. */
export type PathVerification = {
  readonly provider: string
  readonly role: 'primary' | 'secondary'
} & (
  | { readonly outcome: 'received'; readonly latencyMs: number }
  | { readonly outcome: 'failed'; readonly reason: string }
  /** No canary can connect there, so nothing is known. */
  | { readonly outcome: 'skipped'; readonly reason: string }
)

export interface VerificationDeps {
  readonly scopes: Pick<ScopeService, 'get' | 'credentials'>
  readonly isWatchable: (provider: string) => boolean
  readonly intervalMs: number
  readonly now: () => number
}

export interface VerifyScope {
  readonly scope: string
  /** Names this verification; its broadcast is `moq-broker/verify/{run}`. */
  readonly run: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Publishes canary objects on the scope's primary until two have come out at every placement, or the time is over.
 * One entry per placement, primary first; none when there is no such scope.
 *
 * @throws BrokerError, or the reason of `signal` when the caller gave up.
 */
export async function verifyScope(deps: VerificationDeps, request: VerifyScope): Promise<readonly PathVerification[]> {
  const view = await deps.scopes.get(request.scope)
  if (view === undefined) return []
  const placements = view.placements.filter(({ state }) => state !== 'leaving')
  const urls = await deps.scopes.credentials(request.scope)
  const done = new AbortController()
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(request.timeoutMs), done.signal])
  const run: Run = { ...deps, urls, signal, name: request.run, timeoutMs: request.timeoutMs }
  const publisher = startPublisher(run, view.primary)
  try {
    const results = await Promise.all(placements.map((placement) => verifyPlacement(run, placement, publisher)))
    request.signal.throwIfAborted()
    return results
  } finally {
    done.abort()
    await publisher.ended
  }
}

/** Somebody waits for the outcome, so objects come quickly. */
const MAX_INTERVAL_MS = 20

interface Run extends VerificationDeps {
  readonly urls: readonly ConnectUrl[]
  readonly signal: AbortSignal
  readonly name: string
  readonly timeoutMs: number
}

interface Publisher {
  /** Why there is nothing to receive, once that is known. Never rejects. */
  readonly failed: Promise<string>
  readonly ended: Promise<void>
}

function startPublisher(run: Run, primary: string): Publisher {
  const connectUrl = leastCapableUrl(run.urls, primary, 'publish')
  const { promise: failed, resolve: fail } = settleable<string>()
  if (!run.isWatchable(primary) || connectUrl === undefined) {
    fail(`nothing can be published: no canary can connect to the primary "${primary}"`)
    return { failed, ended: Promise.resolve() }
  }
  const publish = async (): Promise<void> => {
    const { now, signal, name } = run
    const intervalMs = Math.min(run.intervalMs, MAX_INTERVAL_MS)
    const broadcast = `moq-broker/verify/${name}`
    const connectTimeoutMs = run.timeoutMs
    try {
      await using session = await publishCanary({
        connectUrl,
        broadcast,
        run: name,
        intervalMs,
        connectTimeoutMs,
        now,
        signal,
      })
      fail(`the publisher's session with "${primary}" ended: ${await session.closed}`)
    } catch (error) {
      fail(`nothing can be published on "${primary}": ${describeSessionFailure(error)}`)
    }
  }
  return { failed, ended: publish() }
}

async function verifyPlacement(run: Run, placement: PlacementView, publisher: Publisher): Promise<PathVerification> {
  const { provider, role } = placement
  const { now, signal, name } = run
  const path = { provider, role }
  if (!run.isWatchable(provider))
    return { ...path, outcome: 'skipped', reason: 'no canary can connect to this provider' }
  const connectUrl = leastCapableUrl(run.urls, provider, 'subscribe')
  if (connectUrl === undefined)
    return {
      ...path,
      outcome: 'failed',
      reason: `its placement is ${placement.state}; there is no credential to subscribe with`,
    }
  const { promise: outcome, resolve: settle } = settleable<PathVerification>()
  const fail = (reason: string): void => settle({ ...path, outcome: 'failed', reason })
  const end = new AbortController()
  let opened = false
  const late = (): void => fail(`no object arrived within ${run.timeoutMs} ms`)
  signal.addEventListener('abort', late, { once: true })
  if (signal.aborted) late()
  void publisher.failed.then(fail)
  const subscribe = async (): Promise<void> => {
    try {
      await using session = await subscribeCanary({
        connectUrl,
        broadcast: `moq-broker/verify/${name}`,
        connectTimeoutMs: run.timeoutMs,
        now,
        signal: AbortSignal.any([signal, end.signal]),
        onObject: (object) => {
          // The first has waited for the sessions on its way to open; the next one tells how long objects take.
          if (opened) settle({ ...path, outcome: 'received', latencyMs: object.receivedAt - object.publishedAt })
          opened = true
        },
      })
      fail(`the session ended: ${await session.closed}`)
    } catch (error) {
      fail(describeSessionFailure(error))
    }
  }
  const subscribed = subscribe()
  const result = await outcome
  signal.removeEventListener('abort', late)
  end.abort()
  await subscribed
  return result
}

function settleable<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
