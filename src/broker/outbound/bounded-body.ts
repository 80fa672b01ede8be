import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { OutboundError } from './outbound-error.ts'

export interface BodyReading {
  /** `Content-Encoding`. */
  readonly coding: string | undefined
  /** Of the body as sent and as decoded. */
  readonly maxBytes: number
  /** For messages. */
  readonly what: string
  readonly signal: AbortSignal
}

/**
 * Reads a body as UTF-8. Stops at the byte that is too many, so that neither an endless body nor one that unpacks to
 * a thousand times its size costs more than `maxBytes`. Throws `OutboundError` `too_large` or `encoding`, and whatever
 * a broken connection throws.
 */
export async function readBoundedText(body: Readable, reading: BodyReading): Promise<string> {
  const { coding, what } = reading
  if (coding === undefined || /^identity$/i.test(coding)) return decode(await collect(body, reading), what)
  if (!/^(x-)?gzip$/i.test(coding)) {
    discard(body)
    throw new OutboundError('encoding', `${what} has a content coding that was not asked for`)
  }
  const gunzip = createGunzip()
  try {
    const bytes = await pipeline(
      body,
      (source: AsyncIterable<unknown>) => counted(source, reading),
      gunzip,
      (source: AsyncIterable<unknown>) => collect(source, reading),
      { signal: reading.signal },
    )
    return decode(bytes, what)
  } catch (error) {
    const isCoding = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
    if (isCoding) throw new OutboundError('encoding', `${what} is no gzip, although it says so`)
    throw error
  }
}

/** Lets go of a body that nobody wants, and of its connection. */
export function discard(body: Readable): void {
  // The destruction is told as an error too.
  body.once('error', () => undefined)
  body.destroy()
}

async function* counted(source: AsyncIterable<unknown>, reading: BodyReading): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of source) {
    if (!(chunk instanceof Uint8Array)) continue
    size += chunk.byteLength
    if (size > reading.maxBytes) throw tooLarge(reading)
    yield chunk
  }
}

async function collect(source: AsyncIterable<unknown>, reading: BodyReading): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of counted(source, reading)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function tooLarge({ what, maxBytes }: BodyReading): OutboundError {
  return new OutboundError('too_large', `${what} is larger than ${maxBytes} bytes`)
}

function decode(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new OutboundError('encoding', `${what} is not UTF-8`)
  }
}
