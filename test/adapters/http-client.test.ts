import { getEventListeners } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  createHttpClient,
  type HttpCall,
  type HttpClient,
  type HttpClientOptions,
} from '../../src/adapters/http-client.ts'
import { adapterErrorOf, everythingShownBy } from '../support/adapter-errors.ts'
import { type ApiRecorder, never, type Reply, reset, startApiRecorder } from '../support/api-recorder.ts'

const TOKEN = 'account-token-0123456789'
const NOW = Date.parse('2026-11-21T12:00:00Z')
const NEVER_ABORTED = new AbortController().signal

const post: HttpCall<{ id: string }> = {
  operation: 'createThing',
  method: 'POST',
  path: '/things',
  body: { name: 'x' },
  answer: z.object({ id: z.string() }),
}
const get: HttpCall<{ id: string }> = {
  operation: 'getThing',
  method: 'GET',
  path: '/things/1',
  answer: z.object({ id: z.string() }),
}

let api: ApiRecorder
let clients: HttpClient[]

beforeEach(async () => {
  api = await startApiRecorder()
  clients = []
})
afterEach(async () => {
  for (const client of clients) await client[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

function clientFor(overrides: Partial<HttpClientOptions> = {}): HttpClient {
  const client = createHttpClient({
    provider: 'cdn-a',
    baseUrl: `${api.url}/v4/`,
    headers: { authorization: `Bearer ${TOKEN}` },
    secrets: [TOKEN],
    timeoutMs: 2000,
    now: () => NOW,
    readFault: (_, json) =>
      z.object({ code: z.string().optional(), message: z.string().optional() }).catch({}).parse(json),
    ...overrides,
  })
  clients.push(client)
  return client
}

describe('what is sent', () => {
  it('joins the base path, the path and the query, and sends JSON with the account headers', async () => {
    api.reply({ status: 201, json: { id: 'a' } })
    const call = { ...post, query: { after: 'a b&c' }, headers: { 'idempotency-key': 'k1' } }
    expect(await clientFor().call(call, NEVER_ABORTED)).toEqual({ id: 'a' })
    expect(api.requests).toMatchObject([
      {
        method: 'POST',
        url: '/v4/things?after=a+b%26c',
        body: { name: 'x' },
        headers: {
          authorization: `Bearer ${TOKEN}`,
          'content-type': 'application/json',
          accept: 'application/json',
          'idempotency-key': 'k1',
        },
      },
    ])
  })

  it('sends neither body nor content type where a call has no body', async () => {
    api.reply({ status: 200, json: { id: 'a' } })
    await clientFor().call(get, NEVER_ABORTED)
    expect(api.requests[0]?.body).toBeUndefined()
    expect(api.requests[0]?.headers).not.toHaveProperty('content-type')
  })

  it('refuses a header value with a line break, without sending', async () => {
    const call = { ...post, headers: { 'idempotency-key': 'a\r\nx-evil: 1' } }
    const error = await adapterErrorOf(clientFor().call(call, NEVER_ABORTED))
    expect(error).toMatchObject({ kind: 'rejected', effect: 'none' })
    expect(error.detail).not.toContain('evil')
    expect(api.requests).toHaveLength(0)
  })

  it('keeps connections open and uses them again', async () => {
    const client = clientFor()
    for (let call = 0; call < 10; call += 1) {
      api.reply({ status: 200, json: { id: 'a' } })
      await client.call(get, NEVER_ABORTED)
    }
    // Two, since undici lets a connection rest for one turn of the event loop.
    expect(api.openConnections()).toBeLessThanOrEqual(2)
  })

  it('opens no more connections than allowed', async () => {
    const client = clientFor({ connections: 2 })
    const answer: Reply = (_, response) => setImmediate(() => response.end('{"id":"a"}'))
    api.reply(...Array.from({ length: 20 }, () => answer))
    await Promise.all(Array.from({ length: 20 }, () => client.call(post, NEVER_ABORTED)))
    expect(api.requests).toHaveLength(20)
    expect(api.openConnections()).toBe(2)
  })
})

describe('answers', () => {
  it('ignores unknown members', async () => {
    api.reply({ status: 200, json: { id: 'a', more: [1] } })
    expect(await clientFor().call(get, NEVER_ABORTED)).toEqual({ id: 'a' })
  })

  it('takes an empty body where the shape allows it', async () => {
    api.reply({ status: 204 })
    const call = { ...get, method: 'DELETE', answer: z.undefined() } as const
    expect(await clientFor().call(call, NEVER_ABORTED)).toBeUndefined()
  })

  it.each([
    { what: 'is not JSON', reply: { status: 201, text: '<h1>hello</h1>' } },
    { what: 'is empty', reply: { status: 201 } },
    { what: 'has another shape', reply: { status: 201, json: { id: 7 } } },
    { what: 'is a redirect', reply: { status: 307, headers: { location: '/elsewhere' } } },
  ])('calls an answer that $what a protocol fault whose effect is unknown', async ({ reply }) => {
    api.reply(reply)
    const error = await adapterErrorOf(clientFor().call(post, NEVER_ABORTED))
    expect(error).toMatchObject({ kind: 'protocol', effect: 'unknown', status: reply.status, operation: 'createThing' })
    expect(api.requests).toHaveLength(1)
  })

  it('says where the shape is wrong, without the value', async () => {
    api.reply({ status: 200, json: { deep: [{ id: 12345 }] } })
    const call = { ...get, answer: z.object({ deep: z.array(z.object({ id: z.string() })) }) }
    const error = await adapterErrorOf(clientFor().call(call, NEVER_ABORTED))
    expect(error.detail).toContain('deep.0.id')
    expect(error.detail).not.toContain('12345')
  })

  it('says that the answer is not HTTP where it is not', async () => {
    api.reply((_, response) => {
      response.socket?.end('what?\r\n\r\n')
    })
    const error = await adapterErrorOf(clientFor().call(post, NEVER_ABORTED))
    expect(error.detail).toContain('not HTTP')
    expect(error).toMatchObject({ kind: 'protocol', effect: 'unknown' })
  })

  it.each([
    { what: 'with a content-length', reply: { status: 200, text: 'x'.repeat(1001) } },
    {
      what: 'in chunks',
      reply: (_: unknown, response: import('node:http').ServerResponse) => {
        response.write('x'.repeat(600))
        response.end('x'.repeat(600))
      },
    },
  ])('stops reading an answer $what that is too large', async ({ reply }) => {
    api.reply(reply)
    const error = await adapterErrorOf(clientFor({ maxBodyBytes: 1000 }).call(post, NEVER_ABORTED))
    expect(error).toMatchObject({ kind: 'protocol', effect: 'unknown' })
    expect(error.detail).toContain('1000 bytes')
    await api.requests[0]?.disconnected
  })
})

describe('error answers', () => {
  it.each([
    { status: 400, kind: 'rejected', effect: 'none' },
    { status: 401, kind: 'unauthorized', effect: 'none' },
    { status: 403, kind: 'unauthorized', effect: 'none' },
    { status: 402, kind: 'quota', effect: 'none' },
    { status: 404, kind: 'not_found', effect: 'none' },
    { status: 408, kind: 'unavailable', effect: 'none' },
    { status: 409, kind: 'conflict', effect: 'none' },
    { status: 410, kind: 'not_found', effect: 'none' },
    { status: 412, kind: 'conflict', effect: 'none' },
    { status: 413, kind: 'rejected', effect: 'none' },
    { status: 422, kind: 'rejected', effect: 'none' },
    { status: 425, kind: 'unavailable', effect: 'none' },
    { status: 429, kind: 'throttled', effect: 'none' },
    { status: 500, kind: 'unavailable', effect: 'unknown' },
    { status: 501, kind: 'unavailable', effect: 'none' },
    { status: 502, kind: 'unavailable', effect: 'unknown' },
    { status: 503, kind: 'unavailable', effect: 'none' },
    { status: 504, kind: 'unavailable', effect: 'unknown' },
  ])('makes $status of a POST "$kind" with effect "$effect"', async ({ status, kind, effect }) => {
    api.reply({ status, text: 'no JSON here' })
    expect(await adapterErrorOf(clientFor().call(post, NEVER_ABORTED))).toMatchObject({ kind, effect, status })
  })

  it('never claims an effect of a GET', async () => {
    api.reply({ status: 500 })
    expect(await adapterErrorOf(clientFor().call(get, NEVER_ABORTED))).toMatchObject({ effect: 'none' })
  })

  it.each([
    { header: '7', expected: 7000 },
    { header: '0', expected: 0 },
    { header: 'Sat, 21 Nov 2026 12:00:30 GMT', expected: 30_000 },
    { header: 'Sat, 21 Nov 2026 11:00:00 GMT', expected: 0 },
    { header: '-1', expected: undefined },
    { header: 'soon', expected: undefined },
  ])('reads "Retry-After: $header" as $expected ms', async ({ header, expected }) => {
    api.reply({ status: 429, headers: { 'retry-after': header } })
    const error = await adapterErrorOf(clientFor().call(post, NEVER_ABORTED))
    expect(error.retryAfterMs).toBe(expected)
  })

  it("carries the provider's code and words, without tokens, urls and line breaks", async () => {
    const upstream = 'moqt://primary.example/Xk3'
    const message = `bad\nupstream ${upstream} for ${TOKEN} (eyJhbGciOi.abc) at /moq/scopes/9`
    api.reply({ status: 400, json: { code: '21013', message } })
    const call = { ...post, secrets: [upstream] }
    const error = await adapterErrorOf(clientFor().call(call, NEVER_ABORTED))
    expect(error.remoteCode).toBe('21013')
    expect(error.detail).toMatch(/^the provider answered 400: bad upstream \[redacted\] for \[redacted\]/)
    const shown = everythingShownBy(error)
    for (const secret of [TOKEN, upstream, 'Xk3', 'eyJhbGciOi', '/moq/scopes']) expect(shown).not.toContain(secret)
  })

  it('drops a code that is or holds a secret', async () => {
    api.reply({ status: 400, json: { code: TOKEN } })
    expect((await adapterErrorOf(clientFor().call(post, NEVER_ABORTED))).remoteCode).toBeUndefined()
  })
})

describe('no answer', () => {
  it('tells a refused connection from one that broke after sending', async () => {
    const port = await closedPort()
    const refused = await adapterErrorOf(clientFor({ baseUrl: `http://127.0.0.1:${port}` }).call(post, NEVER_ABORTED))
    expect(refused).toMatchObject({ kind: 'unavailable', effect: 'none' })
    expect(refused.detail).toContain('ECONNREFUSED')
    api.reply(reset)
    const broken = await adapterErrorOf(clientFor().call(post, NEVER_ABORTED))
    expect(broken).toMatchObject({ kind: 'unavailable', effect: 'unknown' })
  })

  it('tries a GET once more after a reset, and no more than once', async () => {
    api.reply(reset, { status: 200, json: { id: 'a' } })
    expect(await clientFor().call(get, NEVER_ABORTED)).toEqual({ id: 'a' })
    api.reply(reset, reset, { status: 200, json: { id: 'a' } })
    expect(await adapterErrorOf(clientFor().call(get, NEVER_ABORTED))).toMatchObject({ kind: 'unavailable' })
    expect(api.requests).toHaveLength(4)
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)('never repeats a %s', async (method) => {
    api.reply(reset, { status: 200, json: { id: 'a' } })
    await adapterErrorOf(clientFor().call({ ...post, method }, NEVER_ABORTED))
    expect(api.requests).toHaveLength(1)
  })

  it('gives up at its deadline, closes the connection and says that the effect is unknown', async () => {
    api.reply(never)
    const error = await adapterErrorOf(clientFor({ timeoutMs: 60 }).call(post, NEVER_ABORTED))
    expect(error).toMatchObject({ kind: 'timeout', effect: 'unknown' })
    await api.requests[0]?.disconnected
  })

  it('gives up at its deadline in the middle of a body', async () => {
    api.reply((_, response) => {
      response.write('{"id":')
    })
    expect(await adapterErrorOf(clientFor({ timeoutMs: 60 }).call(post, NEVER_ABORTED))).toMatchObject({
      kind: 'timeout',
    })
  })

  it("ends with the caller's signal and closes the connection", async () => {
    const controller = new AbortController()
    api.reply(never)
    const call = adapterErrorOf(clientFor().call(post, controller.signal))
    await api.received(1)
    controller.abort()
    expect(await call).toMatchObject({ kind: 'aborted', effect: 'unknown' })
    await api.requests[0]?.disconnected
  })

  it('sends nothing where the signal has already fired', async () => {
    expect(await adapterErrorOf(clientFor().call(post, AbortSignal.abort()))).toMatchObject({
      kind: 'aborted',
      effect: 'none',
    })
    expect(api.requests).toHaveLength(0)
  })

  it('ends a call that waits for a connection at once, and does not send it later', async () => {
    const client = clientFor({ connections: 1 })
    const controller = new AbortController()
    const held: (() => void)[] = []
    api.reply((_, response) => held.push(() => response.end('{"id":"a"}')), { status: 200, json: { id: 'after' } })
    const first = client.call(post, NEVER_ABORTED)
    await api.received(1)
    const waiting = adapterErrorOf(client.call(post, controller.signal))
    controller.abort()
    expect(await waiting).toMatchObject({ kind: 'aborted', effect: 'none' })
    for (const release of held) release()
    await first
    expect(await client.call(get, NEVER_ABORTED)).toEqual({ id: 'after' })
    expect(api.requests.map(({ method }) => method)).toEqual(['POST', 'GET'])
  })

  it('puts one listener on a signal that many calls share', async () => {
    const { signal } = new AbortController()
    const client = clientFor()
    api.reply(...Array.from({ length: 20 }, () => ({ status: 200, json: { id: 'a' } })))
    const calls = Array.from({ length: 20 }, () => client.call(get, signal))
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await Promise.all(calls)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('leaves no listener on the signal', async () => {
    const controller = new AbortController()
    api.reply({ status: 200, json: { id: 'a' } }, { status: 500 }, reset, reset)
    const client = clientFor()
    await client.call(get, controller.signal)
    await adapterErrorOf(client.call(get, controller.signal))
    await adapterErrorOf(client.call(get, controller.signal))
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('ends calls under way when it is disposed, closes its sockets and refuses further calls', async () => {
    const client = clientFor()
    api.reply(never)
    const call = adapterErrorOf(client.call(post, NEVER_ABORTED))
    await api.received(1)
    await client[Symbol.asyncDispose]()
    expect(await call).toMatchObject({ kind: 'aborted', effect: 'unknown' })
    await api.connectionsAtMost(0)
    expect(await adapterErrorOf(client.call(post, NEVER_ABORTED))).toMatchObject({ kind: 'aborted', effect: 'none' })
  })
})

/** A port of 127.0.0.1 on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
