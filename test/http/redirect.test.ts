import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HttpServer, serveHttp } from '../../src/broker/http/server.ts'
import { defined } from '../support/defined.ts'
import { type Call, FrontApi, problemIn } from './front-api.ts'
import { exchange } from './raw-http.ts'

const PEER = '192.0.2.7'

function call(made: FrontApi, method: string, path: string, more: Call = {}) {
  return made.send(method, path, { key: null, peer: PEER, ...more, headers: { host: 'cdn.example', ...more.headers } })
}

describe('/r/{scope}/{path}', () => {
  it.each([
    ['GET', 302],
    ['HEAD', 302],
    ['POST', 307],
    ['PUT', 307],
    ['DELETE', 307],
  ])('sends %s with %i to the first candidate that has a target', async (method, status) => {
    const made = new FrontApi()
    const answer = await call(made, method, '/r/known/live/a.m3u8?x=%2f&y')
    expect(answer.status).toBe(status)
    expect(answer.headers.get('location')).toBe('https://edge.beta.example/p/live/a.m3u8?x=%2f&y')
    expect(answer.headers.get('cache-control')).toBe('private, max-age=30')
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(made.routes.questions).toEqual([{ client: PEER, scope: 'known' }])
  })

  it('says nothing that concerns documents, so that the CDN is told the referrer', async () => {
    const { headers } = await call(new FrontApi(), 'GET', '/r/known/a')
    expect(Object.keys(Object.fromEntries(headers)).toSorted()).toEqual([
      'access-control-allow-origin',
      'cache-control',
      'content-length',
      'cross-origin-resource-policy',
      'location',
      'x-request-id',
    ])
  })

  it('takes a known name for the scope', async () => {
    const made = new FrontApi()
    expect((await call(made, 'GET', '/r/demo/x')).headers.get('location')).toBe('https://edge.beta.example/p/x')
    expect(made.routes.questions).toEqual([{ client: PEER, scope: 'known' }])
  })

  it.each([
    ['/r/known', 'https://edge.beta.example/p/'],
    ['/r/known?a=1', 'https://edge.beta.example/p/?a=1'],
    ['/r/known/', 'https://edge.beta.example/p/'],
    ['/r/known//evil.example/x', 'https://edge.beta.example/p//evil.example/x'],
  ])('sends %s to %s', async (path, location) => {
    expect((await call(new FrontApi(), 'GET', path)).headers.get('location')).toBe(location)
  })

  it('takes scheme, host and client from a trusted proxy, and says so in Vary', async () => {
    const made = new FrontApi({
      origin: { trustedProxies: [{ version: 4, value: 0x0a000000n, length: 8 }], clientField: 'forwarded' },
    })
    made.routes.targets.set('alpha', [
      { redirectingHosts: [], httpTarget: { host: 'a', includeRedirectingHost: true } },
    ])
    const headers = { forwarded: 'for=198.51.100.4;proto=https;host=www.example' }
    const answer = await call(made, 'GET', '/r/known/x', { peer: '10.0.0.1', headers })
    expect(answer.headers.get('location')).toBe('https://a/www.example/x')
    expect(answer.headers.get('vary')).toBe('Forwarded')
    expect(made.routes.questions).toEqual([{ client: '198.51.100.4', scope: 'known' }])
  })

  it('needs no store for a scope in memory', async () => {
    const made = new FrontApi()
    made.routes.decide = () => Promise.reject(new Error('the store was asked'))
    expect((await call(made, 'GET', '/r/known/x')).status).toBe(302)
  })

  it('answers a browser that asks beforehand, whatever the scope', async () => {
    const answer = await call(new FrontApi(), 'OPTIONS', '/r/other/x')
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-methods')).toContain('GET')
  })

  it.each([
    ['404 for an unknown scope', '/r/other/x', {}, 404, 'not-found'],
    ['404 for what is no scope', '/r/a%2fb/x', {}, 404, 'not-found'],
    ['400 for a host that is none', '/r/known/x', { host: 'a/../b' }, 400, 'invalid-request'],
  ])('gives %s', async (_, path, headers, status, kind) => {
    const answer = await call(new FrontApi(), 'GET', path, { headers })
    expect(problemIn(answer)).toMatchObject({ status, kind })
    expect(answer.headers.get('location')).toBeNull()
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  })

  it.each([
    ['nobody may serve', []],
    ['nobody has a target', ['alpha']],
  ])('gives 503 and when to come back when %s', async (_, candidates) => {
    const made = new FrontApi()
    made.routes.candidates = candidates
    const answer = await call(made, 'GET', '/r/known/x')
    expect(problemIn(answer)).toMatchObject({ status: 503, kind: 'no-provider' })
    expect(answer.headers.get('retry-after')).toBe('30')
  })

  it('is not there unless it is switched on', async () => {
    const made = new FrontApi({}, ['redirect'])
    expect((await call(made, 'GET', '/r/known/x')).status).toBe(404)
  })
})

describe('any request target', () => {
  let server: HttpServer

  beforeAll(async () => {
    server = await serveHttp(new FrontApi().app, { host: '127.0.0.1', port: 0, requestId: () => 'r' })
  })

  afterAll(async () => {
    await server.close(0)
  })

  it.each(['/r/known/../x', '/r/known/a/%2e%2E/b', '/r/known/.', '/r/known/a/.%2e?b'])(
    'is refused that leaves the prefix: %s',
    async (path) => {
      const answer = await exchange(server.port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
      expect(answer?.status).toBeGreaterThanOrEqual(400)
      expect(answer?.headers['location']).toBeUndefined()
    },
  )

  it('leads to the target’s host with the same bytes, or to a refusal', async () => {
    const bytes = fc
      .array(fc.oneof(fc.constantFrom(...Buffer.from('/.%2e\\@:?#&;=')), fc.integer({ min: 0, max: 255 })))
      .map((codes) => Uint8Array.from(codes.filter((code) => code !== 10 && code !== 13 && code !== 32)))
    await fc.assert(
      fc.asyncProperty(bytes, async (rest) => {
        const head = Buffer.from('GET /r/known/')
        const tail = Buffer.from(' HTTP/1.1\r\nHost: cdn.example\r\nConnection: close\r\n\r\n')
        const answer = defined(await exchange(server.port, Buffer.concat([head, rest, tail])))
        if (answer.status !== 302) {
          expect(answer.status).toBeGreaterThanOrEqual(400)
          expect(answer.status).toBeLessThan(500)
          return
        }
        const location = answer.headers['location'] ?? ''
        expect(location).toBe(`https://edge.beta.example/p/${Buffer.from(rest).toString('latin1')}`)
        expect(new URL(location).host).toBe('edge.beta.example')
        expect(new URL(location).pathname.startsWith('/p/')).toBe(true)
      }),
    )
  })
})
