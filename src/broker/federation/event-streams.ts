import type { Edition } from './edition.ts'
import { type Audience, audienceName } from './peer.ts'
import type { Publisher } from './publisher.ts'

/** Writes the way from one edition to the next, or the whole of it, as an event (HTML 9.2.5). */
export type WriteEvent = (edition: Edition, before: Edition | undefined) => Promise<string>

export interface StreamRequest {
  readonly audience: Audience
  /** The version that the receiver has; undefined: none. */
  readonly since: string | undefined
  /** Sent before everything else. */
  readonly preamble?: string
  readonly write: WriteEvent
}

/** Open event streams: bounded in number for each audience, and in memory by sending only what was taken. */
export interface EventStreams {
  /** Undefined when the audience has as many as it may. */
  open(request: StreamRequest): ReadableStream<Uint8Array> | undefined
  /** Ends all of them, and refuses new ones. */
  close(): void
}

export interface EventStreamsDeps {
  readonly publisher: Publisher
  readonly maxStreams: number
  /** A comment line is sent after so long, so that a dead connection shows. Default 15 s. */
  readonly heartbeatMs?: number
}

const HEARTBEAT_MS = 15_000

export function createEventStreams(deps: EventStreamsDeps): EventStreams {
  const { publisher, maxStreams, heartbeatMs = HEARTBEAT_MS } = deps
  const open = new Map<string, Set<() => void>>()
  let closed = false

  return {
    open(request) {
      const { audience } = request
      const ours = open.get(audienceName(audience)) ?? new Set()
      if (closed || ours.size >= maxStreams) return undefined
      open.set(audienceName(audience), ours)

      const nextEvent = eventsOf(publisher, request)
      const encoder = new TextEncoder()
      let dispose = (): void => {}
      const ended = new AbortController()
      let isWriting = false
      /** Who reads slowly gets one step over several editions instead of a queue of them. */
      const advance = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
        if (isWriting) return
        isWriting = true
        try {
          while (!ended.signal.aborted && (controller.desiredSize ?? 0) > 0) {
            const event = await nextEvent()
            if (event === undefined) return
            if (!ended.signal.aborted) controller.enqueue(encoder.encode(event))
          }
        } catch (error) {
          if (ended.signal.aborted) return
          dispose()
          // The receiver comes back with the version that it has.
          controller.error(error)
        } finally {
          isWriting = false
        }
      }
      return new ReadableStream<Uint8Array>({
        start(controller) {
          const unsubscribe = publisher.onChange(audience, () => {
            // It tells of its failure itself.
            void advance(controller)
          })
          const heartbeat = setInterval(() => {
            if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(': still here\n\n'))
          }, heartbeatMs)
          const end = (): void => {
            dispose()
            controller.close()
          }
          dispose = () => {
            ended.abort()
            ours.delete(end)
            clearInterval(heartbeat)
            unsubscribe()
          }
          ours.add(end)
          // At once, so that the header goes out.
          controller.enqueue(encoder.encode(request.preamble ?? ': changes follow\n\n'))
        },
        pull: advance,
        cancel: () => dispose(),
      })
    },
    close() {
      closed = true
      for (const streams of open.values()) for (const end of streams) end()
    },
  }
}

/** Gives the event that leads from what was sent last to what is told now, and undefined while that is the same. */
function eventsOf(publisher: Publisher, { audience, since, write }: StreamRequest): () => Promise<string | undefined> {
  let sent = since
  return async () => {
    const edition = publisher.current(audience)
    if (edition.version === sent) return undefined
    const before = sent === undefined ? undefined : publisher.find(audience, sent)
    sent = edition.version
    return write(edition, before)
  }
}

/** One event on the wire (HTML 9.2.5). The data must hold no line break, as canonical JSON does not. */
export function eventText(event: string, data: string, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`
}
