import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFastAnswers } from '../../src/broker/http/fast-answers.ts'
import { createFastListener } from '../../src/broker/http/fast-listener.ts'
import { type HttpServer, serveHttp } from '../../src/broker/http/server.ts'
import { defined } from '../support/defined.ts'
import { FrontApi } from './front-api.ts'
import { exchange, type RawAnswer } from './raw-http.ts'

const PROXIED = { trustedProxies: [{ version: 4, value: 0x7f000000n, length: 8 }], clientField: 'forwarded' } as const

interface Side {
  readonly api: FrontApi
  readonly server: HttpServer
  /** Requests that the listener answered itself. */
  readonly taken: { count: number }
}

async function start(isFast: boolean): Promise<Side> {
  const api = new FrontApi({ requestId: () => 'fresh', origin: PROXIED })
  const taken = { count: 0 }
  const fast = createFastListener(createFastAnswers(api.deps))
  const server = await serveHttp(api.app, {
    host: '127.0.0.1',
    port: 0,
    requestId: () => 'fresh',
    ...(isFast
      ? {
          fast: (incoming, outgoing) => {
            const isTaken = fast(incoming, outgoing)
            if (isTaken) taken.count += 1
            return isTaken
          },
        }
      : {}),
  })
  return { api, server, taken }
}

/** What must be equal: everything but the date and how the body's end is marked. */
function comparable(answer: RawAnswer): object {
  const { date: _date, 'content-length': _length, 'transfer-encoding': _framing, ...headers } = answer.headers
  const isChunked = answer.headers['transfer-encoding'] === 'chunked'
  return { status: answer.status, headers, body: isChunked ? 'chunked' : answer.body }
}

describe('the fast listener', () => {
  let fast: Side
  let slow: Side

  beforeAll(async () => {
    fast = await start(true)
    slow = await start(false)
  })

  afterAll(async () => {
    await fast.server.close(0)
    await slow.server.close(0)
  })

  async function compare(head: string): Promise<{ readonly status: number; readonly isTaken: boolean }> {
    const before = fast.taken.count
    const text = `${head}\r\nConnection: close\r\n\r\n`
    const [one, other] = [await exchange(fast.server.port, text), await exchange(slow.server.port, text)]
    const [logged, expectedLog] = [fast.api.logged.splice(0), slow.api.logged.splice(0)]
    const [observed, expectedCount] = [fast.api.observed.splice(0), slow.api.observed.splice(0)]
    const [asked, expectedQuestions] = [fast.api.routes.questions.splice(0), slow.api.routes.questions.splice(0)]
    expect(comparable(defined(one))).toEqual(comparable(defined(other)))
    expect(logged).toEqual(expectedLog)
    expect(observed).toEqual(expectedCount)
    // A look-up that fails is asked again by the framework.
    expect(asked.slice(-1)).toEqual(expectedQuestions.slice(-1))
    return { status: defined(one).status, isTaken: fast.taken.count > before }
  }

  it.each([
    ['GET /route?client=192.0.2.7 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer mqb_reader', 200],
    ['GET /route?client=2001:db8::1 HTTP/1.1\r\nHost: a\r\nX-API-Key: mqb_admin', 200],
    ['GET /route?client=192.0.2.7&scope=known HTTP/1.1\r\nHost: a\r\nAuthorization: bearer  mqb_reader', 200],
    ['GET /route?scope=known&client=192.0.2.7&session=s-1 HTTP/1.1\r\nHost: a\r\nX-API-Key: mqb_operator', 200],
    ['GET /route HTTP/1.1\r\nHost: a\r\nX-API-Key: mqb_reader\r\nX-Request-Id: mine.1', 200],
    ['GET /route HTTP/1.1\r\nHost: a\r\nX-API-Key: mqb_reader\r\nForwarded: for=192.0.2.9', 200],
    ['GET /r/known/a/b?c=%2F HTTP/1.1\r\nHost: a.example', 302],
    ['GET /r/known HTTP/1.1\r\nHost: a.example\r\nForwarded: for=192.0.2.9;proto=https', 302],
    ['GET /steering/demo/hls.json?_HLS_pathway=alpha&_HLS_throughput=1000 HTTP/1.1\r\nHost: a', 200],
    ['GET /steering/known/dash.json?_DASH_pathway=%22a,b%22 HTTP/1.1\r\nHost: a', 200],
    ['GET /steering/other/hls.json HTTP/1.1\r\nHost: a', 404],
    ['GET /r/other/a HTTP/1.1\r\nHost: a.example\r\nX-Request-Id: mine.2', 404],
    ['GET /r/known/a/../b HTTP/1.1\r\nHost: a', 400],
  ])('answers %j itself, as the framework does', async (head, status) => {
    expect(await compare(head)).toEqual({ status, isTaken: true })
  })

  it.each([
    ['without a key', 'GET /route?client=192.0.2.7 HTTP/1.1\r\nHost: a', 401],
    ['with an unknown key', 'GET /route?client=192.0.2.7 HTTP/1.1\r\nHost: a\r\nX-API-Key: mqb_nobody', 401],
    ['with another scheme', 'GET /route?client=192.0.2.7 HTTP/1.1\r\nHost: a\r\nAuthorization: Basic x', 401],
    ['with explain', 'GET /route?client=192.0.2.7&explain=true HTTP/1.1\r\nHost: a\r\nX-API-Key: mqb_reader', 200],
    ['with an escape', 'GET /route?client=192.0.2.%37 HTTP/1.1\r\nHost: a\r\nX-API-Key: mqb_reader', 200],
    [
      'with a parameter twice',
      'GET /route?client=1.1.1.1&client=2.2.2.2 HTTP/1.1\r\nHost: a\r\nX-API-Key: mqb_reader',
      200,
    ],
    ['for nobody', 'GET /route?client=nobody HTTP/1.1\r\nHost: a\r\nX-API-Key: mqb_reader', 400],
    ['for an unknown scope', 'GET /route?client=1.1.1.1&scope=x HTTP/1.1\r\nHost: a\r\nX-API-Key: mqb_reader', 404],
    ['with HEAD', 'HEAD /route?client=192.0.2.7 HTTP/1.1\r\nHost: a\r\nX-API-Key: mqb_reader', 200],
    ['with a body', 'GET /route HTTP/1.1\r\nHost: a\r\nX-API-Key: mqb_reader\r\nContent-Length: 0', 200],
    ['whose host is none', 'GET /r/known/a HTTP/1.1\r\nHost: a/b', 400],
    ['with odd characters', 'GET /r/known/a|b HTTP/1.1\r\nHost: a', 302],
    ['for anything else', 'GET /healthz HTTP/1.1\r\nHost: a', 200],
  ])('leaves a request %s to the framework', async (_, head, status) => {
    expect(await compare(head)).toEqual({ status, isTaken: false })
  })

  it('answers any request as the framework does', async () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab1.:/%2F?&=+~\\@[]'.split('')), maxLength: 12 })
    const pair = fc
      .tuple(
        fc.constantFrom('client', 'scope', 'session', 'explain', 'x'),
        fc.oneof(fc.constantFrom('192.0.2.7', '::1', 'known', 'true', 'false', ''), fc.ipV6(), text),
      )
      .map(([name, value]) => `${name}=${value}`)
    const target = fc.oneof(
      fc.array(pair, { maxLength: 4 }).map((pairs) => `/route?${pairs.join('&')}`),
      text.map((tail) => `/route${tail}`),
      fc.tuple(fc.constantFrom('known', 'demo', 'other', ''), text).map(([scope, tail]) => `/r/${scope}/${tail}`),
      fc
        .tuple(fc.constantFrom('known', 'other'), fc.constantFrom('hls.json', 'dash.json', 'x.json', ''), text)
        .map(([scope, name, tail]) => `/steering/${scope}/${name}?_HLS_pathway=${tail}`),
    )
    const fields = fc.subarray([
      'X-API-Key: mqb_reader',
      'Authorization: Bearer mqb_operator',
      'X-Request-Id: mine',
      'X-Request-Id: not mine',
      'Forwarded: for=198.51.100.7;proto=https;host=b.example',
      'Forwarded: for="broken',
    ])
    const method = fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST')
    await fc.assert(
      fc.asyncProperty(method, target, fields, async (verb, path, lines) => {
        await compare([`${verb} ${path} HTTP/1.1`, 'Host: a.example', ...lines].join('\r\n'))
      }),
    )
  })
})
