import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { readEvents, type StreamItem } from '../../src/broker/advertisements/event-stream.ts'
import type { OpenedStream } from '../../src/broker/outbound/guarded-fetch.ts'

const LIMITS = { maxEvent: 100_000, idleMs: 60_000, what: 'its update stream' }

/** A stream that gives these chunks and then ends, or stays open until it is closed. */
function streamOf(chunks: readonly Uint8Array[], staysOpen = false): OpenedStream & { readonly closed: () => boolean } {
  let close: () => void = () => undefined
  let isClosed = false
  const closing = new Promise<void>((resolve) => {
    close = () => {
      isClosed = true
      resolve()
    }
  })
  return {
    chunks: (async function* () {
      yield* chunks
      if (staysOpen) await closing
    })(),
    close: () => close(),
    closed: () => isClosed,
  }
}

async function eventsOf(stream: OpenedStream, limits = LIMITS): Promise<readonly StreamItem[]> {
  const items: StreamItem[] = []
  for await (const item of readEvents(stream, limits)) if (item.kind !== 'alive') items.push(item)
  return items
}

describe('server-sent events', () => {
  it('are the same however the bytes are cut', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll(/[\r\n\0]/g, ''))
    const event = fc.record({
      name: line.filter((text) => text.trim() === text && text !== ''),
      lines: fc.array(line, { minLength: 1, maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 5 }),
        fc.array(fc.nat(400), { maxLength: 12 }),
        async (events, cuts) => {
          const text = events
            .map(({ name, lines }) => `event: ${name}\n${lines.map((one) => `data: ${one}\n`).join('')}\n`)
            .join(': a comment\n')
          const bytes = Buffer.from(text)
          const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
          const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end))
          const items = await eventsOf(streamOf(chunks))
          expect(items).toEqual(
            events.map(({ name, lines }) => ({
              kind: 'event',
              event: expect.objectContaining({ event: name, data: lines.join('\n') }),
            })),
          )
        },
      ),
    )
  })

  it('are bounded in length, whether the event or one line of it is endless', async () => {
    const line = Buffer.from(`data: ${'x'.repeat(50)}\n`)
    const many = Array.from({ length: 100 }, () => line)
    const limits = { ...LIMITS, maxEvent: 1_000 }
    await expect(eventsOf(streamOf(many), limits)).rejects.toMatchObject({ fault: 'too_large' })
    await expect(eventsOf(streamOf([Buffer.alloc(5_000, 'x')]), limits)).rejects.toMatchObject({ fault: 'too_large' })
  })

  it('are UTF-8 or nothing', async () => {
    await expect(eventsOf(streamOf([Buffer.from([0x64, 0xff, 0x0a])]))).rejects.toMatchObject({ fault: 'encoding' })
  })

  it('that do not come end the stream, and comments count as a sign of life', async () => {
    vi.useFakeTimers()
    try {
      const stream = streamOf([Buffer.from(': keep-alive\n\n')], true)
      const kinds: string[] = []
      const end = (async () => {
        for await (const { kind } of readEvents(stream, LIMITS)) kinds.push(kind)
      })().catch((error: unknown) => error)
      await vi.advanceTimersByTimeAsync(59_000)
      expect(kinds).toEqual(['alive'])
      expect(stream.closed()).toBe(false)
      await vi.advanceTimersByTimeAsync(1_000)
      expect(stream.closed()).toBe(true)
      await end
    } finally {
      vi.useRealTimers()
    }
  })

  it('tell the pause that the server wishes', async () => {
    expect(await eventsOf(streamOf([Buffer.from('retry: 2500\n\n')]))).toEqual([{ kind: 'retry', ms: 2_500 }])
  })
})
