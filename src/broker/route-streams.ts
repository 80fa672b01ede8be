import { createHash } from 'node:crypto'
import { BrokerError } from './broker-error.ts'
import type { RouteAnswer, RouteQuestion, RouteService } from './route-service.ts'

export interface RouteSubscription {
  readonly question: RouteQuestion
  /** What the subscriber has already (`Last-Event-ID`). */
  readonly seen: string | undefined
  /** The decision as JSON on one line. */
  readonly write: (answer: RouteAnswer) => string
  /** The end of the story as JSON on one line: the scope is gone, say. */
  readonly writeEnd: (error: BrokerError) => string
  /** Whether whoever asked may still ask; the stream ends when not. */
  readonly isAllowed: () => Promise<boolean>
}

/** Subscribers who are told whenever the answer to their question changes. */
export interface RouteStreams {
  /**
   * A stream of events (HTML 9.2). Asks once before it begins; throws what `RouteService.decide` throws. `undefined`
   * when there are as many streams as there may be.
   */
  open(subscription: RouteSubscription): Promise<ReadableStream<Uint8Array> | undefined>
  /** Ends all streams and refuses new ones. */
  close(): void
}

export interface RouteStreamsDeps {
  readonly routes: Pick<RouteService, 'decide' | 'version'>
  readonly maxStreams: number
  /** How often it is looked whether anything has changed. Default 250 ms. */
  readonly lookEveryMs?: number
  /** A comment is sent after so long, so that a dead connection shows, and the key is checked. Default 10 s. */
  readonly heartbeatMs?: number
}

/** Streams over one timer, which runs only while there are any. Nothing is decided anew while no version has changed. */
export function createRouteStreams(deps: RouteStreamsDeps): RouteStreams {
  const { routes, maxStreams, lookEveryMs = 250, heartbeatMs = 10_000 } = deps
  const open = new Set<Subscriber>()
  let timer: NodeJS.Timeout | undefined
  let looks = 0
  let isClosed = false

  function look(): void {
    looks += 1
    const isBeat = looks % Math.max(1, Math.round(heartbeatMs / lookEveryMs)) === 0
    for (const subscriber of open) {
      if (isBeat) void subscriber.beat()
      void subscriber.update()
    }
  }

  function leave(subscriber: Subscriber): void {
    open.delete(subscriber)
    if (open.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    async open(subscription) {
      if (isClosed || open.size >= maxStreams) return undefined
      const version = routes.version(subscription.question.scope)
      const first = await routes.decide(subscription.question)
      // While it was decided others may have come.
      if (isClosed || open.size >= maxStreams) return undefined
      const subscriber = new Subscriber(routes, subscription, version, leave)
      open.add(subscriber)
      timer ??= setInterval(look, lookEveryMs)
      return subscriber.begin(first)
    },
    close() {
      isClosed = true
      for (const subscriber of open) subscriber.end()
    },
  }
}

const encoder = new TextEncoder()

class Subscriber {
  readonly #routes: RouteStreamsDeps['routes']
  readonly #subscription: RouteSubscription
  readonly #leave: (subscriber: Subscriber) => void
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #version: string | undefined
  #sent: string | undefined
  #isBusy = false

  constructor(
    routes: RouteStreamsDeps['routes'],
    subscription: RouteSubscription,
    version: string | undefined,
    leave: (subscriber: Subscriber) => void,
  ) {
    this.#routes = routes
    this.#subscription = subscription
    this.#version = version
    this.#sent = subscription.seen
    this.#leave = leave
  }

  begin(first: RouteAnswer): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller
        // At once, so that the header goes out even when there is nothing new.
        this.#send(': decisions follow\n\n')
        this.#tell(first)
      },
      cancel: () => this.#forget(),
    })
  }

  /** Decides anew if anything has changed, and tells if the answer has. */
  async update(): Promise<void> {
    const { question } = this.#subscription
    const version = this.#routes.version(question.scope)
    if (this.#isBusy || version === this.#version || !this.#canTake()) return
    this.#isBusy = true
    try {
      const answer = await this.#routes.decide(question)
      this.#version = version
      this.#tell(answer)
    } catch (error) {
      // A store that is away changes nothing; it is asked again at the next look.
      if (error instanceof BrokerError && error.code === 'not_found') {
        this.#send(eventText('end', this.#subscription.writeEnd(error)))
        this.end()
      }
    } finally {
      this.#isBusy = false
    }
  }

  async beat(): Promise<void> {
    const isAllowed = await this.#subscription.isAllowed().catch(() => true)
    if (!isAllowed) this.end()
    else if (this.#canTake()) this.#send(': still here\n\n')
  }

  end(): void {
    const controller = this.#controller
    this.#forget()
    controller?.close()
  }

  #forget(): void {
    this.#controller = undefined
    this.#leave(this)
  }

  #tell(answer: RouteAnswer): void {
    const data = this.#subscription.write(answer)
    const id = createHash('sha256').update(data).digest('base64url').slice(0, 16)
    if (id === this.#sent) return
    this.#sent = id
    this.#send(eventText('decision', data, id))
  }

  /** Who reads slowly gets the latest decision instead of a queue of them. */
  #canTake(): boolean {
    return (this.#controller?.desiredSize ?? 0) > -MAX_WAITING
  }

  #send(text: string): void {
    this.#controller?.enqueue(encoder.encode(text))
  }
}

/** Chunks that may wait for a slow reader. */
const MAX_WAITING = 4

function eventText(event: string, data: string, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`
}
