import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { type OpenedStream } from '../outbound/guarded-fetch.ts'
import { OutboundError } from '../outbound/outbound-error.ts'

export interface EventStreamLimits {
  /** Longest event, in characters. */
  readonly maxEvent: number
  /** Ends with fault `timeout` when nothing, not even a comment, came for this long. */
  readonly idleMs: number
  /** For messages. */
  readonly what: string
}

export type StreamItem =
  | { readonly kind: 'event'; readonly event: EventSourceMessage }
  /** A sign of life without an event. */
  | { readonly kind: 'alive' }
  /** The server's wish for a pause before the next connection. */
  | { readonly kind: 'retry'; readonly ms: number }

/**
 * Server-sent events, as they come and no faster than they are taken. Ends when the server does; throws
 * `OutboundError`.
 */
export async function* readEvents(stream: OpenedStream, limits: EventStreamLimits): AsyncGenerator<StreamItem> {
  const items: StreamItem[] = []
  let tooLong = false
  const parser = createParser({
    maxBufferSize: limits.maxEvent,
    onEvent: (event) => items.push({ kind: 'event', event }),
    onRetry: (ms) => items.push({ kind: 'retry', ms }),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') tooLong = true
    },
  })
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let idle = false
  const sleepless = (): NodeJS.Timeout =>
    setTimeout(() => {
      idle = true
      stream.close()
    }, limits.idleMs)
  let timer = sleepless()
  try {
    for await (const chunk of stream.chunks) {
      clearTimeout(timer)
      parser.feed(decode(decoder, chunk, limits.what))
      if (tooLong) throw new OutboundError('too_large', `an event of ${limits.what} is longer than ${limits.maxEvent}`)
      yield { kind: 'alive' }
      yield* items.splice(0)
      timer = sleepless()
    }
  } catch (error) {
    if (idle) throw new OutboundError('timeout', `${limits.what} was silent for ${limits.idleMs} ms`)
    throw error
  } finally {
    clearTimeout(timer)
    stream.close()
  }
}

function decode(decoder: TextDecoder, chunk: Uint8Array, what: string): string {
  try {
    return decoder.decode(chunk, { stream: true })
  } catch {
    throw new OutboundError('encoding', `${what} is not UTF-8`)
  }
}
