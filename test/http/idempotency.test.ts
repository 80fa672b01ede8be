import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BrokerError } from '../../src/broker/broker-error.ts'
import { fingerprintOf, parseIdempotencyKey } from '../../src/broker/http/idempotency.ts'
import { canonicalJson } from '../../src/broker/http/json-text.ts'
import { FrontApi, problemIn } from './front-api.ts'

function create(api: FrontApi, key: string, json: unknown = { name: 'show' }) {
  return api.send('POST', '/moq/scopes', { json, headers: { 'idempotency-key': key } })
}

describe('Idempotency-Key', () => {
  it('makes the second request answer as the first did, marked as replayed, and changes nothing', async () => {
    const api = new FrontApi()
    const first = await create(api, 'abc')
    const second = await create(api, 'abc')
    expect([second.status, second.text]).toEqual([first.status, first.text])
    expect([first.headers.get('idempotent-replayed'), second.headers.get('idempotent-replayed')]).toEqual([
      null,
      'true',
    ])
    expect(api.scopes.accepted).toHaveLength(1)
  })

  it('replays a failure too', async () => {
    const api = new FrontApi()
    api.scopes.outcome = { state: 'failed', failures: [{ provider: 'alpha', code: 'quota', detail: 'full' }] }
    const first = await create(api, 'abc')
    const second = await create(api, 'abc')
    expect([first.status, second.status]).toEqual([502, 502])
    expect(second.json['providers']).toEqual(first.json['providers'])
    expect([first.headers.get('idempotent-replayed'), second.headers.get('idempotent-replayed')]).toEqual([
      null,
      'true',
    ])
  })

  it('is the same key, quoted or bare', async () => {
    const api = new FrontApi()
    await create(api, '"ab\\"c\\\\"')
    expect((await create(api, 'ab"c\\')).headers.get('idempotent-replayed')).toBe('true')
  })

  it('takes the same members in another order and spelling for the same request', async () => {
    const api = new FrontApi()
    await create(api, 'k', { name: 'a', primary: 'alpha' })
    const again = await api.send('POST', '/moq/scopes', {
      body: ' { "primary" : "\\u0061lpha", "name":"a" } ',
      headers: { 'idempotency-key': 'k', 'content-type': 'application/json' },
    })
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  it('takes no body and an empty object for the same request', async () => {
    const api = new FrontApi()
    await create(api, 'k', {})
    const again = await api.send('POST', '/moq/scopes', { headers: { 'idempotency-key': 'k' } })
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  it('refuses the key with another body', async () => {
    const api = new FrontApi()
    await create(api, 'k', { name: 'a' })
    expect(problemIn(await create(api, 'k', { name: 'b' }))).toMatchObject({
      status: 422,
      kind: 'idempotency-mismatch',
    })
  })

  it('refuses the key with another path', async () => {
    const api = new FrontApi()
    await create(api, '1')
    await create(api, '2')
    const failOver = (id: string) =>
      api.send('POST', `/moq/scopes/${id}/failover`, { json: { reason: 'why' }, headers: { 'idempotency-key': 'k' } })
    expect((await failOver('scope-0001')).status).toBe(200)
    expect((await failOver('scope-0003')).status).toBe(422)
  })

  it('belongs to the API key that used it', async () => {
    const api = new FrontApi()
    await create(api, 'k')
    const other = await api.send('POST', '/moq/scopes', {
      key: 'mqb_admin',
      json: { name: 'b' },
      headers: { 'idempotency-key': 'k' },
    })
    expect(other.status).toBe(201)
  })

  it('whose first request is still at work answers 409 and when to come back', async () => {
    const api = new FrontApi()
    api.scopes.failure = new BrokerError('idempotency_in_progress', 'The first request is still at work.', {
      retryAfterSeconds: 3,
    })
    const answer = await create(api, 'k')
    expect(problemIn(answer)).toMatchObject({ status: 409, kind: 'idempotency-in-progress' })
    expect(answer.headers.get('retry-after')).toBe('3')
  })

  it('answers 404 for a replayed creation whose scope has been deleted since', async () => {
    const api = new FrontApi()
    await create(api, 'k')
    api.scopes.views.clear()
    expect(problemIn(await create(api, 'k'))).toMatchObject({ status: 404, kind: 'not-found' })
  })

  it.each(['PATCH', 'DELETE'])('goes along with %s too', async (method) => {
    const api = new FrontApi()
    await create(api, '1')
    const call = method === 'PATCH' ? { json: { name: 'b' } } : {}
    await api.send(method, '/moq/scopes/scope-0001', { ...call, headers: { 'idempotency-key': 'k' } })
    expect(api.scopes.accepted.at(-1)?.context.idempotency?.key).toBe('k')
  })

  it.each(['', '"', '""', '"abc', 'a b', 'ü', '"a";p=1', '"a\\b"', 'x'.repeat(256), `"${'x'.repeat(256)}"`])(
    'of the form %j is refused',
    async (key) => {
      const api = new FrontApi()
      expect(problemIn(await create(api, key))).toEqual({
        status: 400,
        kind: 'invalid-request',
        places: ['Idempotency-Key'],
      })
      expect(api.scopes.accepted).toEqual([])
    },
  )
})

describe('parseIdempotencyKey', () => {
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 255,
  })

  it('reads every key of visible ASCII back from its quoted form', () => {
    fc.assert(
      fc.property(visible, (key) => {
        expect(parseIdempotencyKey(`"${key.replaceAll(/["\\]/g, '\\$&')}"`)).toBe(key)
      }),
    )
  })

  it('leaves every bare key that does not begin with a quote as it is', () => {
    fc.assert(
      fc.property(
        visible.filter((key) => !key.startsWith('"')),
        (key) => {
          expect(parseIdempotencyKey(key)).toBe(key)
        },
      ),
    )
  })
})

describe('fingerprintOf', () => {
  it('is the same exactly for the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const fingerprint = (body: unknown): string =>
          fingerprintOf({ method: 'POST', path: '/', body: JSON.stringify(body) })
        expect(fingerprint(a) === fingerprint(b)).toBe(
          canonicalJson(JSON.parse(JSON.stringify(a))) === canonicalJson(JSON.parse(JSON.stringify(b))),
        )
      }),
    )
  })

  it('reads canonical JSON back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value))
        expect(JSON.parse(canonicalJson(plain))).toEqual(plain)
      }),
    )
  })
})
