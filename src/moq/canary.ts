import './runtime-polyfills.ts'

import { Broadcast, Path } from '@moq/net'
import { announceBroadcast } from './announce-broadcast.ts'
import { CANARY_TRACK, type CanaryObject, type CanaryPayload } from './canary-object.ts'
import { followCanary } from './canary-reader.ts'
import { type MoqSession, openSession } from './open-session.ts'

export interface CanaryDeps {
  readonly now: () => number
}

export interface PublishCanary extends CanaryDeps {
  /** `{url}/{token}` of a publish-capable credential. */
  readonly connectUrl: string
  /** Broadcast name (namespace), e.g. `moq-broker/canary`. */
  readonly broadcast: string
  readonly run: string
  readonly intervalMs: number
  readonly connectTimeoutMs: number
  /** Ends the attempt, and the session after it. */
  readonly signal: AbortSignal
}

/** A publisher that is connected and publishing. */
export interface CanaryPublisher extends AsyncDisposable {
  /** Resolves when the session ends, with the reason in words (never with the URL). */
  readonly closed: Promise<string>
  /** Sequence of the newest object, counted from 0. */
  readonly lastSequence: () => number
}

export interface SubscribeCanary extends CanaryDeps {
  readonly connectUrl: string
  readonly broadcast: string
  readonly connectTimeoutMs: number
  /** Ends the attempt, and the session after it. */
  readonly signal: AbortSignal
  readonly onObject: (object: CanaryObject) => void
}

export interface CanarySubscriber extends AsyncDisposable {
  readonly closed: Promise<string>
}

/**
 * Connects and publishes one object at once and one every `intervalMs`, each in a group of its own, on the track
 * `canary` of `broadcast`, until the session ends or is disposed.
 *
 * @throws MoqError, or the reason of `signal` when the caller gave up.
 */
export async function publishCanary(options: PublishCanary): Promise<CanaryPublisher> {
  const { now, run, intervalMs, signal } = options
  const session = await openCanarySession(options)
  const broadcast = new Broadcast.Producer()
  const track = broadcast.createTrack(CANARY_TRACK)
  announceBroadcast(session.connection, Path.from(options.broadcast), broadcast)
  let sequence = -1
  const publish = (): void => {
    sequence += 1
    const payload: CanaryPayload = { sequence, publishedAt: now(), run }
    track.writeJson(payload)
  }
  publish()
  const timer = setInterval(publish, intervalMs)
  const closed = session.closed.then((reason) => {
    clearInterval(timer)
    track.close()
    broadcast.close()
    return reason
  })
  return { closed, lastSequence: () => sequence, [Symbol.asyncDispose]: closeWith(session, signal) }
}

/**
 * Connects and hands over every canary object of `broadcast`. Waits for the broadcast to be announced, and follows it
 * when it is announced again, by this publisher or another, for as long as the session lasts.
 *
 * @throws MoqError, or the reason of `signal` when the caller gave up.
 */
export async function subscribeCanary(options: SubscribeCanary): Promise<CanarySubscriber> {
  const { now, onObject, signal } = options
  const session = await openCanarySession(options)
  // Ends with the session and does not reject.
  void followCanary({ session, path: Path.from(options.broadcast), now, onObject })
  return { closed: session.closed, [Symbol.asyncDispose]: closeWith(session, signal) }
}

function openCanarySession(options: PublishCanary | SubscribeCanary): Promise<MoqSession> {
  const { connectUrl, connectTimeoutMs, signal } = options
  return openSession({ connectUrl, timeoutMs: connectTimeoutMs, signal })
}

/** Ties the session to the caller's signal; the returned function closes it. */
function closeWith(session: MoqSession, signal: AbortSignal): () => Promise<void> {
  const onAbort = (): void => {
    // Whoever waits for the end waits for `closed`.
    void session.close()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  void session.closed.then(() => signal.removeEventListener('abort', onAbort))
  if (signal.aborted) onAbort()
  return () => session.close()
}
