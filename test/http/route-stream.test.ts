import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defined } from '../support/defined.ts'
import { FrontApi, problemIn } from './front-api.ts'

interface Follower {
  readonly response: Response
  /** The next chunk of text; `undefined` at the end. */
  next(): Promise<string | undefined>
  cancel(): Promise<void>
}

const LOOK_MS = 250
const HEARTBEAT_MS = 10_000

async function follow(api: FrontApi, query: string, headers: Readonly<Record<string, string>> = {}): Promise<Follower> {
  const response = await api.app.request(`/route/stream?${query}`, {
    headers: { authorization: 'Bearer mqb_reader', ...headers },
  })
  const reader = defined(response.body ?? undefined).getReader()
  const decoder = new TextDecoder()
  return {
    response,
    next: async () => {
      const { value } = await reader.read()
      return value === undefined ? undefined : decoder.decode(value)
    },
    cancel: () => reader.cancel(),
  }
}

/** The order of providers in an event. */
function orderIn(text: string | undefined): readonly string[] {
  return [...(text ?? '').matchAll(/"provider":"(\w+)"/g)].map(([, provider]) => provider ?? '')
}

describe('GET /route/stream', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('tells the decision at once, and then only what differs', async () => {
    const api = new FrontApi()
    const follower = await follow(api, 'client=192.0.2.7&session=s')
    expect(follower.response.headers.get('content-type')).toBe('text/event-stream')
    expect(await follower.next()).toBe(': decisions follow\n\n')
    const first = defined(await follower.next())
    expect(first).toMatch(/^event: decision\nid: [\w-]{16}\ndata: \{.*\}\n\n$/)
    expect(orderIn(first)).toEqual(['alpha', 'beta'])

    await vi.advanceTimersByTimeAsync(4 * LOOK_MS)
    expect(api.routes.questions).toHaveLength(1)
    api.routes.changes += 1
    await vi.advanceTimersByTimeAsync(LOOK_MS)
    expect(api.routes.questions).toHaveLength(2)
    api.routes.changes += 1
    api.routes.candidates = ['beta']
    await vi.advanceTimersByTimeAsync(LOOK_MS)
    expect(orderIn(await follower.next())).toEqual(['beta'])
    await follower.cancel()
  })

  it('does not tell again what the subscriber has seen', async () => {
    const api = new FrontApi()
    const follower = await follow(api, 'client=192.0.2.7')
    await follower.next()
    const id = defined(/id: (\S+)/.exec((await follower.next()) ?? '')?.[1])
    const again = await follow(api, 'client=192.0.2.7', { 'last-event-id': id })
    expect(await again.next()).toBe(': decisions follow\n\n')
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS)
    expect(await again.next()).toBe(': still here\n\n')
    await follower.cancel()
    await again.cancel()
  })

  it('gives a reader no URL that can publish', async () => {
    const follower = await follow(new FrontApi(), 'client=192.0.2.7&scope=known')
    await follower.next()
    const told = await follower.next()
    expect(told).toContain('connect_url_withheld')
    expect(told).not.toContain('publish-token')
    await follower.cancel()
  })

  it('ends with a problem when the scope is gone', async () => {
    const api = new FrontApi()
    const follower = await follow(api, 'client=192.0.2.7&scope=known')
    await follower.next()
    await follower.next()
    api.routes.known = 'another'
    api.routes.changes += 1
    await vi.advanceTimersByTimeAsync(LOOK_MS)
    expect(await follower.next()).toMatch(/^event: end\ndata: \{"type":"urn:moq-broker:problem:not-found"/)
    expect(await follower.next()).toBeUndefined()
  })

  it('ends when its key is revoked', async () => {
    const api = new FrontApi()
    const follower = await follow(api, 'client=192.0.2.7')
    await follower.next()
    await follower.next()
    api.keys.revoked = 'mqb_reader'
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS)
    expect(await follower.next()).toBeUndefined()
  })

  it('ends with the broker, and does not begin after that', async () => {
    const api = new FrontApi()
    const follower = await follow(api, 'client=192.0.2.7')
    await follower.next()
    await follower.next()
    api.streams.close()
    expect(await follower.next()).toBeUndefined()
    expect((await follow(api, 'client=192.0.2.7')).response.status).toBe(429)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is refused when there are as many as there may be, and there again when one has left', async () => {
    const api = new FrontApi()
    const [one, other] = [await follow(api, 'client=192.0.2.7'), await follow(api, 'client=192.0.2.8')]
    const refused = await api.send('GET', '/route/stream?client=192.0.2.9')
    expect(problemIn(refused)).toMatchObject({ status: 429, kind: 'too-many-requests' })
    await one.cancel()
    const third = await follow(api, 'client=192.0.2.9')
    expect(third.response.status).toBe(200)
    await Promise.all([other.cancel(), third.cancel()])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits for a slow reader, and then tells it the latest', async () => {
    const api = new FrontApi()
    const follower = await follow(api, 'client=192.0.2.7')
    for (let n = 0; n < 40; n += 1) {
      api.routes.changes += 1
      api.routes.candidates = [`c${n}`]
      await vi.advanceTimersByTimeAsync(LOOK_MS)
    }
    const queued: string[] = []
    while (orderIn(queued.at(-1))[0] !== 'c39') {
      queued.push((await follower.next()) ?? 'ended')
      await vi.advanceTimersByTimeAsync(LOOK_MS)
    }
    expect(queued.length).toBeLessThan(12)
    await follower.cancel()
  })

  it.each([
    ['client=nobody', 400, 'invalid-request'],
    ['client=192.0.2.7&scope=other', 404, 'not-found'],
  ])('refuses %s before it begins', async (query, status, kind) => {
    vi.useRealTimers()
    expect(problemIn(await new FrontApi().send('GET', `/route/stream?${query}`))).toMatchObject({ status, kind })
  })
})
