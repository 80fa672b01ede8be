import { MoqError } from '../../moq/moq-error.ts'
import type { Sleep } from './repeated-task.ts'

/** A MoQ session as `src/moq/canary.ts` opens it: ended by the signal it was opened with. */
export interface OpenedSession extends AsyncDisposable {
  /** Resolves when it ends, with the reason in words. */
  readonly closed: Promise<string>
}

export interface SessionState {
  readonly connected: boolean
  /** Since when it is as it is, milliseconds since the epoch. */
  readonly since: number
  /** Why it is not connected; absent while the first attempt is under way. */
  readonly reason?: string
}

/** A session that is dialed anew whenever it ends. */
export interface KeptSession extends AsyncDisposable {
  state(): SessionState
}

export interface KeepSessionOptions {
  readonly open: (signal: AbortSignal) => Promise<OpenedSession>
  /** Pauses between attempts double from the first to the second, and vary by up to a quarter. */
  readonly minPauseMs: number
  readonly maxPauseMs: number
  readonly now: () => number
  readonly random: () => number
  readonly sleep: Sleep
}

/** Dials at once and keeps a session until disposed; disposing closes it. */
export function keepSession(options: KeepSessionOptions): KeptSession {
  const { now, random, sleep, minPauseMs, maxPauseMs } = options
  const stop = new AbortController()
  let state: SessionState = { connected: false, since: now() }

  function disconnected(reason: string): void {
    state = { connected: false, since: state.connected ? now() : state.since, reason }
  }

  async function loop(): Promise<void> {
    let pauseMs = minPauseMs
    while (!stop.signal.aborted) {
      try {
        await using session = await options.open(stop.signal)
        const openedAt = now()
        state = { connected: true, since: openedAt }
        disconnected(await session.closed)
        // A relay that takes a session only to end it must not be dialed at full speed.
        if (now() - openedAt >= maxPauseMs) pauseMs = minPauseMs
      } catch (error) {
        disconnected(describeSessionFailure(error))
      }
      if (stop.signal.aborted) return
      await sleep(pauseMs * (0.75 + random() / 2), stop.signal)
      pauseMs = Math.min(pauseMs * 2, maxPauseMs)
    }
  }

  const done = loop()
  return {
    state: () => state,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await done
    },
  }
}

/** Why a session could not be had, in words that hold no URL. */
export function describeSessionFailure(error: unknown): string {
  return error instanceof MoqError ? `${error.code}: ${error.message}` : 'unexpected failure of the MoQ session'
}
