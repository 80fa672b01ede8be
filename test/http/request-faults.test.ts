import { describe, expect, it } from 'vitest'
import { BrokerError, type BrokerErrorCode } from '../../src/broker/broker-error.ts'
import { StoreError, type StoreErrorCode } from '../../src/broker/store/store.ts'
import { FrontApi, problemIn } from './front-api.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

function nested(depth: number): string {
  return '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)
}

function streamOf(chunks: readonly string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk))
      controller.close()
    },
  })
}

describe('a body', () => {
  it.each([
    ['cut short', '{"name": "a"'],
    ['not JSON', 'name=a'],
    ['with a trailing comma', '{"name": "a",}'],
    ['of two values', '{} {}'],
  ])('%s is refused as malformed-json', async (_, body) => {
    const answer = await new FrontApi().send('POST', '/moq/scopes', { body, headers: JSON_TYPE })
    expect(problemIn(answer)).toMatchObject({ status: 400, kind: 'malformed-json' })
  })

  it('that is malformed is not quoted in the answer', async () => {
    const answer = await new FrontApi().send('POST', '/moq/scopes', { body: 's3cr3t', headers: JSON_TYPE })
    expect(answer.text).not.toContain('s3cr')
  })

  it('that is not UTF-8 is refused', async () => {
    const body = new Uint8Array([0x22, 0xff, 0x22])
    const answer = await new FrontApi().send('POST', '/moq/scopes', { body, headers: JSON_TYPE })
    expect(problemIn(answer)).toMatchObject({ status: 400, kind: 'malformed-json' })
  })

  it.each([
    ['{"name":"a","name":"b"}', '/name'],
    ['{"name":"a","n\\u0061me":"b"}', '/name'],
    ['{"config":{"x":[1,{"k":1,"k":2}]}}', '/config/x/1/k'],
    ['{"a/b":1,"a/b":2}', '/a~1b'],
  ])('with a name twice is refused and the place named: %s', async (body, pointer) => {
    const answer = await new FrontApi().send('POST', '/moq/scopes', { body, headers: JSON_TYPE })
    expect(problemIn(answer)).toEqual({ status: 400, kind: 'malformed-json', places: [pointer] })
  })

  it.each(['{"x":{"k":1},"y":{"k":1}}', '{"x":["k","k"],"z":"\\"k\\",{"}', '{"x":[{"k":1},{"k":1}]}'])(
    'with the same text twice, but no name twice in one object, is read: %s',
    async (body) => {
      expect((await new FrontApi().send('POST', '/moq/scopes', { body, headers: JSON_TYPE })).status).toBe(201)
    },
  )

  it('may be nested 32 levels deep, not 33', async () => {
    const api = new FrontApi()
    expect((await api.send('POST', '/moq/scopes', { body: nested(32), headers: JSON_TYPE })).status).toBe(201)
    const answer = await api.send('POST', '/moq/scopes', { body: nested(33), headers: JSON_TYPE })
    expect(problemIn(answer)).toMatchObject({ status: 400, kind: 'malformed-json' })
  })

  it('of exactly the limit is read, one byte more is refused with 413', async () => {
    const api = new FrontApi()
    const fill = (size: number): string => `{"fill":"${'x'.repeat(size - 11)}"}`
    expect(fill(1024)).toHaveLength(1024)
    expect((await api.send('POST', '/moq/scopes', { body: fill(1024), headers: JSON_TYPE })).status).toBe(201)
    const answer = await api.send('POST', '/moq/scopes', { body: fill(1025), headers: JSON_TYPE })
    expect(problemIn(answer)).toMatchObject({ status: 413, kind: 'payload-too-large' })
  })

  it('that is too large is refused from its Content-Length, unread', async () => {
    let pulled = false
    const body = new ReadableStream(
      {
        pull() {
          pulled = true
        },
      },
      { highWaterMark: 0 },
    )
    const headers = { ...JSON_TYPE, 'content-length': '999999' }
    const answer = await new FrontApi().send('POST', '/moq/scopes', { body, headers })
    expect([answer.status, pulled]).toEqual([413, false])
  })

  it('that arrives in chunks is bounded too', async () => {
    const body = streamOf(Array.from({ length: 50 }, () => ' '.repeat(100)))
    expect((await new FrontApi().send('POST', '/moq/scopes', { body, headers: JSON_TYPE })).status).toBe(413)
  })

  it('that arrives in chunks within the bound is read, whichever way a character is cut', async () => {
    const api = new FrontApi()
    const bytes = new TextEncoder().encode('{"name":"Ü"}')
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    const answer = await api.send('POST', '/moq/scopes', { body, headers: JSON_TYPE })
    expect(answer.json['name']).toBe('Ü')
  })

  it.each([
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-type': 'application/jsonx' },
    { 'content-type': 'application/merge-patch+json' },
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  ])('sent with %j is refused with 415 and what would do', async (headers) => {
    const answer = await new FrontApi().send('POST', '/moq/scopes', { body: '{}', headers })
    expect(problemIn(answer)).toMatchObject({ status: 415, kind: 'unsupported-media-type' })
    expect(answer.headers.get('accept')).toBe('application/json')
  })

  it('without a content type is refused with 415', async () => {
    const body = new Uint8Array([0x7b, 0x7d])
    expect((await new FrontApi().send('POST', '/moq/scopes', { body })).status).toBe(415)
  })

  it('is needed where it is not optional', async () => {
    const answer = await new FrontApi().send('POST', '/keys', { key: 'mqb_admin', headers: JSON_TYPE })
    expect(problemIn(answer)).toMatchObject({ status: 400, kind: 'malformed-json' })
  })

  it('that does not arrive in time is answered with 408', async () => {
    const api = new FrontApi({ limits: { bodyBytes: 1024, requestTimeoutMs: 30, waitMs: 10 } })
    const body = new ReadableStream({ pull: () => new Promise(() => {}) })
    const answer = await api.send('POST', '/moq/scopes', { body, headers: JSON_TYPE })
    expect(problemIn(answer)).toMatchObject({ status: 408, kind: 'request-timeout' })
  })
})

describe('a path', () => {
  it.each(['/', '/nothing', '/moq', '/moq/scopes/', '/moq/scopes/a/b', '/providers/alpha/state/x', '/%00', '/..%2f'])(
    'that nothing answers is 404: %s',
    async (path) => {
      expect(problemIn(await new FrontApi().send('GET', path))).toMatchObject({ status: 404, kind: 'not-found' })
    },
  )

  it.each([
    '/moq/scopes/a%2Fb',
    '/moq/scopes/%00',
    '/moq/scopes/%zz',
    `/moq/scopes/${'x'.repeat(129)}`,
    '/operations/ä',
    '/drills/a%20b',
  ])('with an id that was never given is 404, not 400: %s', async (path) => {
    expect(problemIn(await new FrontApi().send('GET', path))).toMatchObject({ status: 404, kind: 'not-found' })
  })

  it.each([
    ['PUT', '/moq/scopes', 'GET, HEAD, POST'],
    ['POST', '/moq/scopes/x', 'DELETE, GET, HEAD, PATCH'],
    ['GET', '/moq/scopes/x/failover', 'POST'],
    ['DELETE', '/route', 'GET, HEAD, POST'],
    ['GET', '/providers/x/state', 'PUT'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['OPTIONS', '/keys', 'GET, HEAD, POST'],
    ['GET', '/keys/x', 'DELETE'],
    ['BREW', '/readyz', 'GET, HEAD'],
  ])('does not know %s %s: 405 with Allow: %s', async (method, path, allow) => {
    const answer = await new FrontApi().send(method, path)
    expect(problemIn(answer)).toMatchObject({ status: 405, kind: 'method-not-allowed' })
    expect(answer.headers.get('allow')).toBe(allow)
  })

  it('answers HEAD as GET, without a body', async () => {
    const answer = await new FrontApi().send('HEAD', '/providers')
    expect([answer.status, answer.text]).toEqual([200, ''])
  })
})

describe('an error of a service', () => {
  const BROKER_ERRORS: readonly (readonly [BrokerErrorCode, number, string])[] = [
    ['invalid_request', 400, 'invalid-request'],
    ['not_found', 404, 'not-found'],
    ['revision_mismatch', 412, 'revision-mismatch'],
    ['operation_in_progress', 409, 'operation-in-progress'],
    ['invalid_state', 409, 'invalid-state'],
    ['provisioning_failed', 502, 'provisioning-failed'],
    ['idempotency_mismatch', 422, 'idempotency-mismatch'],
    ['idempotency_in_progress', 409, 'idempotency-in-progress'],
    ['store_unavailable', 503, 'store-unavailable'],
    ['shutting_down', 503, 'shutting-down'],
  ]

  it.each(BROKER_ERRORS)('%s becomes %i %s with all that it tells', async (code, status, kind) => {
    const api = new FrontApi()
    api.scopes.failure = new BrokerError(code, 'What failed, and what to do.', {
      faults: [{ detail: 'wrong', pointer: '/x' }],
      retryAfterSeconds: 6.2,
      providers: [{ provider: 'alpha', code: 'quota', detail: 'full' }],
      operation: 'op',
      scope: 'sc',
    })
    const answer = await api.send('POST', '/moq/scopes')
    expect(problemIn(answer)).toEqual({ status, kind, places: ['/x'] })
    expect(answer.headers.get('retry-after')).toBe('7')
    expect(answer.json).toMatchObject({
      detail: 'What failed, and what to do.',
      providers: [{ provider: 'alpha' }],
      operation: 'op',
      scope: 'sc',
    })
  })

  it.each(BROKER_ERRORS)('%s tells when to come back only where that helps', async (code, _, kind) => {
    const api = new FrontApi()
    api.scopes.failure = new BrokerError(code, 'What failed.')
    const retryAfter = (await api.send('POST', '/moq/scopes')).headers.get('retry-after')
    const passing = ['operation-in-progress', 'idempotency-in-progress', 'store-unavailable', 'shutting-down']
    expect(retryAfter !== null).toBe(passing.includes(kind))
  })

  const STORE_ERRORS: readonly (readonly [StoreErrorCode, number, string])[] = [
    ['conflict', 409, 'operation-in-progress'],
    ['fenced', 503, 'store-unavailable'],
    ['unavailable', 503, 'store-unavailable'],
    ['locked', 503, 'store-unavailable'],
    ['corrupt', 503, 'store-unavailable'],
    ['full', 503, 'store-unavailable'],
  ]

  it.each(STORE_ERRORS)('of the store, %s, becomes %i %s with Retry-After', async (code, status, kind) => {
    const api = new FrontApi()
    api.scopes.failure = new StoreError(code, 'redis://user:s3cr3t@store:6379 did not answer')
    const answer = await api.send('POST', '/moq/scopes')
    expect(problemIn(answer)).toMatchObject({ status, kind })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(answer.text).not.toContain('s3cr3t')
  })

  it('that nobody expected becomes a bare 500; the log has where, without secrets', async () => {
    const api = new FrontApi()
    const token = 'eyJhbGciOiJFZDI1NTE5IiwidHlwIjoiSldUIn0'
    api.scopes.failure = Object.assign(new TypeError(`cannot reach moqt://relay.example/s3cr3t with ${token}`), {
      input: 's3cr3t',
    })
    const answer = await api.send('GET', '/moq/scopes')
    expect(problemIn(answer)).toMatchObject({ status: 500, kind: 'internal-error' })
    expect(answer.text).not.toMatch(/relay|s3cr3t|TypeError|\.ts/)
    const line = api.logged.find((logged) => logged.message === 'unexpected error')
    expect(line?.fields).toMatchObject({ requestId: 'request-1', error: 'TypeError: cannot reach [url] with [cut]' })
    expect(JSON.stringify(api.logged)).not.toMatch(new RegExp(`s3cr3t|${token}`))
    expect(line?.fields['at']).toEqual(expect.arrayContaining([expect.stringContaining('request-faults.test.ts')]))
  })

  it('that is the broker’s own fault is logged with its kind, without secrets; a refusal is not', async () => {
    const api = new FrontApi()
    api.scopes.failure = new StoreError('unavailable', 'redis://user:s3cr3t@store:6379 did not answer')
    await api.send('GET', '/moq/scopes')
    api.readiness = { ready: false, checks: { store: { ok: false } } }
    await api.send('GET', '/readyz')
    await api.send('GET', '/nothing')
    expect(api.logged.filter((line) => line.message !== 'request')).toMatchObject([
      {
        message: 'request failed',
        fields: { requestId: 'request-1', problem: 'store-unavailable', error: 'StoreError: [url] did not answer' },
      },
    ])
  })

  it('while a key is checked becomes 503 when it is the store', async () => {
    const api = new FrontApi()
    api.keys.failure = new StoreError('unavailable', 'down')
    expect(problemIn(await api.send('GET', '/providers'))).toMatchObject({ status: 503, kind: 'store-unavailable' })
  })

  it('that keeps a request waiting too long becomes 503 timeout', async () => {
    const api = new FrontApi({ limits: { bodyBytes: 1024, requestTimeoutMs: 30, waitMs: 10 } })
    api.providers.list = () => new Promise(() => {})
    expect(problemIn(await api.send('GET', '/providers'))).toMatchObject({ status: 503, kind: 'timeout' })
  })
})
