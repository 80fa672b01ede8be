import type { Cluster, Redis } from 'ioredis'
import { createRedisClient } from './redis-client.ts'
import { redisFailure } from './redis-failures.ts'
import type { RedisStoreOptions } from './redis-options.ts'
import { StoreError } from './store.ts'

const DEFAULT_TIMEOUT_MS = 2_000
const PAUSE_BEFORE_RETRY_MS = 20

/** The commands that the store uses; one server and a Cluster offer them alike. */
export type RedisCommands = Pick<Redis, 'eval' | 'evalsha' | 'get' | 'info' | 'mget' | 'set' | 'xrange'>

/** One exchange with Redis. */
export interface RedisCall<T> {
  /** - `read`: repeated when the connection breaks.
   *  - `write`: sent again only where it certainly was not carried out. */
  readonly kind: 'read' | 'write'
  send(commands: RedisCommands): Promise<T>
}

interface Waiting {
  readonly resume: () => void
  readonly fail: (error: StoreError) => void
}

interface Progress {
  over: boolean
  sent: boolean
  /** What Redis replied when it last refused. */
  refusal?: string
}

/**
 * A connection that comes back by itself. Every call ends within the deadline: calls made while Redis is away wait for
 * it as long, and once it has been away longer than that they fail at once until it is back.
 */
export class RedisConnection implements AsyncDisposable {
  /** Where Redis is, in words without secrets. */
  readonly place: string
  readonly #client: Redis | Cluster
  readonly #timeoutMs: number
  readonly #waiting = new Set<Waiting>()
  readonly #running = new Set<Promise<unknown>>()
  #state: 'connecting' | 'ready' | 'away' | 'closed' = 'connecting'
  #grace: NodeJS.Timeout | undefined
  #lastTrouble = ''

  constructor(options: RedisStoreOptions) {
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const { client, place } = createRedisClient(options, this.#timeoutMs)
    this.#client = client
    this.place = place
    this.#client.on('ready', () => this.#arrived())
    this.#client.on('close', () => this.#gone())
    this.#client.on('error', (error: unknown) => {
      this.#lastTrouble = troubleOf(error)
    })
    this.#startGrace()
  }

  /** Throws `unavailable` when Redis does not answer in time, else what Redis refused the command with. */
  run<T>(call: RedisCall<T>): Promise<T> {
    const progress: Progress = { over: false, sent: false }
    const running = new Promise<T>((resolve, reject) => {
      const deadline = setTimeout(() => {
        progress.over = true
        reject(this.#unanswered(call.kind, progress))
      }, this.#timeoutMs)
      this.#attempt(call, progress)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(deadline)
          this.#running.delete(running)
        })
    })
    this.#running.add(running)
    return running
  }

  /** Lets the calls that were sent end first. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = 'closed'
    clearTimeout(this.#grace)
    this.#failWaiting(this.#closed())
    await Promise.allSettled(this.#running)
    this.#client.disconnect()
  }

  async #attempt<T>(call: RedisCall<T>, progress: Progress): Promise<T> {
    for (;;) {
      await this.#connected()
      if (progress.over) throw this.#unanswered(call.kind, progress)
      try {
        progress.sent = true
        return await call.send(this.#client)
      } catch (error) {
        const failure = redisFailure(error, this.place)
        if (failure.kind === 'final') throw failure.error
        if (failure.kind === 'refused' && failure.reason !== undefined) progress.refusal = failure.reason
        if (failure.kind === 'lost' && call.kind === 'write') throw this.#brokenOff()
        progress.sent = false
      }
      await new Promise((resolve) => {
        setTimeout(resolve, PAUSE_BEFORE_RETRY_MS)
      })
    }
  }

  #connected(): Promise<void> {
    if (this.#state === 'ready') return Promise.resolve()
    if (this.#state === 'away') return Promise.reject(this.#unanswered('read'))
    if (this.#state === 'closed') return Promise.reject(this.#closed())
    return new Promise((resolve, reject) => {
      this.#waiting.add({ resume: resolve, fail: reject })
    })
  }

  #arrived(): void {
    if (this.#state === 'closed') return
    this.#state = 'ready'
    this.#lastTrouble = ''
    clearTimeout(this.#grace)
    for (const { resume } of this.#waiting) resume()
    this.#waiting.clear()
  }

  #gone(): void {
    if (this.#state !== 'ready') return
    this.#state = 'connecting'
    this.#lastTrouble = 'the connection was closed'
    this.#startGrace()
  }

  #startGrace(): void {
    this.#grace = setTimeout(() => {
      this.#state = 'away'
      this.#failWaiting(this.#unanswered('read'))
    }, this.#timeoutMs)
  }

  #failWaiting(error: StoreError): void {
    for (const { fail } of this.#waiting) fail(error)
    this.#waiting.clear()
  }

  #closed(): StoreError {
    return new StoreError('unavailable', `The store in Redis at ${this.place} is closed.`)
  }

  #brokenOff(): StoreError {
    return new StoreError(
      'unavailable',
      `The connection to Redis at ${this.place} broke before it answered. It is unknown whether the change was written.`,
    )
  }

  #unanswered(kind: 'read' | 'write', progress?: Progress): StoreError {
    const lastTrouble = progress?.refusal ?? this.#lastTrouble
    const trouble = lastTrouble === '' ? '' : ` The last trouble: ${lastTrouble}`
    const consequence =
      kind === 'write' && progress?.sent === true ? ' It is unknown whether the change was written.' : ''
    return new StoreError(
      'unavailable',
      `Redis at ${this.place} did not answer within ${this.#timeoutMs} ms.${consequence}${trouble}`,
    )
  }
}

/** A Cluster's own error says less than that of the node it asked last. */
function troubleOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'lastNodeError' in error && error.lastNodeError instanceof Error ? error.lastNodeError.message : error.message
}
