import { describe, expect, it } from 'vitest'
import { PUBLISH_TOKEN, SUBSCRIBE_TOKEN } from './fake-scopes.ts'
import { type Call, FrontApi, problemIn, textOf } from './front-api.ts'

const SCOPE = '/moq/scopes/scope-0001'

async function apiWithScope(json: unknown = { name: 'show' }): Promise<FrontApi> {
  const api = new FrontApi()
  await api.send('POST', '/moq/scopes', { json })
  return api
}

describe('GET /moq/scopes/{id}', () => {
  it('gives the scope with its ETag, and cuts the origin’s URL for everybody', async () => {
    const api = await apiWithScope({ config: { origin_fallback: { url: 'moqt://origin.example/s3cr3t' } } })
    for (const key of ['mqb_reader', 'mqb_admin']) {
      const answer = await api.send('GET', SCOPE, { key })
      expect(answer.headers.get('etag')).toBe('"1"')
      expect(answer.json).toMatchObject({
        scope_id: 'scope-0001',
        config: { origin_fallback: { url: 'moqt://origin.example' } },
      })
      expect(answer.text).not.toMatch(
        new RegExp(`s3cr3t|"token"|${PUBLISH_TOKEN.replaceAll('+', '\\+')}|${SUBSCRIBE_TOKEN}`),
      )
    }
  })

  it.each(['"1"', 'W/"1"', '"0", "1"', '*'])('answers 304 without a body to If-None-Match: %s', async (tag) => {
    const answer = await (await apiWithScope()).send('GET', SCOPE, { headers: { 'if-none-match': tag } })
    expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([304, '', '"1"'])
  })

  it.each(['"2"', '"11"', 'W/"2"'])('answers 200 to If-None-Match: %s', async (tag) => {
    expect((await (await apiWithScope()).send('GET', SCOPE, { headers: { 'if-none-match': tag } })).status).toBe(200)
  })

  it('refuses an If-None-Match that is no list of entity tags', async () => {
    const answer = await (await apiWithScope()).send('GET', SCOPE, { headers: { 'if-none-match': '1' } })
    expect(problemIn(answer)).toEqual({ status: 400, kind: 'invalid-request', places: ['If-None-Match'] })
  })

  it('answers 404 for a scope that is not there', async () => {
    expect(problemIn(await new FrontApi().send('GET', SCOPE))).toMatchObject({ status: 404, kind: 'not-found' })
  })
})

describe('GET /moq/scopes', () => {
  it('goes through all scopes page by page, newest first, by Link and by next_cursor', async () => {
    const api = new FrontApi()
    for (let count = 0; count < 5; count += 1) await api.send('POST', '/moq/scopes')
    const seen: unknown[] = []
    let next = '/moq/scopes?limit=2&state=ready'
    for (let pages = 0; pages < 3; pages += 1) {
      const page = await api.send('GET', next)
      seen.push(
        ...[page.json['scopes']]
          .flat()
          .map((scope) =>
            typeof scope === 'object' && scope !== null && 'scope_id' in scope ? scope['scope_id'] : scope,
          ),
      )
      const link = /^<(.*)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1]
      const cursor = page.json['next_cursor']
      expect(link === undefined).toBe(pages === 2)
      if (link === undefined) break
      expect(new URL(link, 'http://broker').searchParams.get('cursor')).toBe(cursor)
      expect(new URL(link, 'http://broker').searchParams.get('state')).toBe('ready')
      next = link
    }
    expect(seen).toEqual(['scope-0009', 'scope-0007', 'scope-0005', 'scope-0003', 'scope-0001'])
  })

  it('hands its filters to the service', async () => {
    const api = await apiWithScope({ name: 'show', providers: ['alpha'] })
    const count = async (query: string) =>
      [(await api.send('GET', `/moq/scopes?${query}`)).json['scopes']].flat().length
    expect(await count('name=show&provider=alpha&state=ready')).toBe(1)
    expect(await count('name=other')).toBe(0)
    expect(await count('provider=beta')).toBe(0)
    expect(await count('state=failed')).toBe(0)
  })

  it.each([
    ['limit', 'limit=0'],
    ['limit', 'limit=201'],
    ['limit', 'limit=1.5'],
    ['limit', 'limit='],
    ['limit', 'limit=1&limit=2'],
    ['state', 'state=broken'],
    ['provider', 'provider=a%2Fb'],
    ['name', 'name='],
    ['colour', 'colour=red'],
    ['cursor', 'cursor=garbage'],
    ['cursor', 'cursor='],
    ['cursor', `cursor=${Buffer.from('{"v":2,"after":"x"}').toString('base64url')}`],
    ['cursor', `cursor=${Buffer.from('{"v":1,"after":"a/b"}').toString('base64url')}`],
    ['cursor', `cursor=${Buffer.from('{"v":1,"after":"x","more":1}').toString('base64url')}`],
    ['cursor', `cursor=${Buffer.from('{"v":1, "after":"x"}').toString('base64url')}`],
    ['cursor', `cursor=${Buffer.from('{"v":1,"after":"x"}').toString('base64url')}%3D`],
  ])('refuses with 400 and the parameter %s: %s', async (parameter, query) => {
    const answer = await new FrontApi().send('GET', `/moq/scopes?${query}`)
    expect(problemIn(answer)).toEqual({ status: 400, kind: 'invalid-request', places: [parameter] })
  })

  it('takes a cursor of a scope that has been deleted', async () => {
    const api = new FrontApi()
    for (let count = 0; count < 3; count += 1) await api.send('POST', '/moq/scopes')
    const page = await api.send('GET', '/moq/scopes?limit=1')
    await api.send('DELETE', '/moq/scopes/scope-0005')
    const rest = await api.send('GET', `/moq/scopes?cursor=${textOf(page.json['next_cursor'])}`)
    expect([rest.json['scopes']].flat()).toHaveLength(2)
  })
})

describe('PATCH /moq/scopes/{id}', () => {
  it.each([
    [{ name: 'new' }, { name: 'new' }],
    [{ name: null }, { name: null }],
    [{ config: { origin_fallback: { url: 'moqt://o.example' } } }, { origin: 'moqt://o.example' }],
    [{ config: null }, { origin: null }],
    [{ config: { origin_fallback: null } }, { origin: null }],
    [{ config: { origin_fallback: { url: null } } }, { origin: null }],
    [{ config: { origin_fallback: {} } }, {}],
    [{ config: {} }, {}],
    [{ providers: ['alpha', 'gamma'] }, { providers: ['alpha', 'gamma'] }],
    [{}, {}],
  ])('reads the merge patch %j as %j', async (json, request) => {
    const api = await apiWithScope()
    const headers = { 'content-type': 'application/merge-patch+json' }
    const answer = await api.send('PATCH', SCOPE, { json, headers })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('etag')).toBe('"2"')
    expect(api.scopes.accepted.at(-1)).toEqual({ what: 'update', request, context: { by: 'operator-id' } })
  })

  it.each([
    ['/primary', { primary: 'beta' }],
    ['/config/origin_fallback/url', { config: { origin_fallback: { url: 'ftp://o.example' } } }],
    ['/config/other', { config: { other: 1 } }],
    ['/providers', { providers: null }],
    ['/name', { name: 7 }],
  ])('refuses with 400 and the pointer %s: %j', async (pointer, json) => {
    const answer = await (await apiWithScope()).send('PATCH', SCOPE, { json })
    expect(problemIn(answer)).toEqual({ status: 400, kind: 'invalid-request', places: [pointer] })
  })
})

describe('If-Match', () => {
  const CHANGES: readonly (readonly [string, string, Call])[] = [
    ['PATCH', SCOPE, { json: { name: 'new' } }],
    ['DELETE', SCOPE, {}],
    ['POST', `${SCOPE}/failover`, { json: { reason: 'why' } }],
  ]

  describe.each(CHANGES)('guards %s %s', (method, path, call) => {
    it.each(['"1"', '*', '"7", "1"', 'W/"2", "1"'])('and lets %s through', async (tag) => {
      const answer = await (await apiWithScope()).send(method, path, { ...call, headers: { 'if-match': tag } })
      expect(answer.status).toBeLessThan(300)
    })

    it.each(['"2"', 'W/"1"', '"7", "8"', '"one"', '"01"'])('and refuses %s with 412', async (tag) => {
      const api = await apiWithScope()
      const answer = await api.send(method, path, { ...call, headers: { 'if-match': tag } })
      expect(problemIn(answer)).toMatchObject({ status: 412, kind: 'revision-mismatch' })
      expect(api.scopes.accepted).toHaveLength(1)
    })

    it.each(['1', '"1', '', '"1" "2"'])('and refuses the malformed %j with 400', async (tag) => {
      const answer = await (await apiWithScope()).send(method, path, { ...call, headers: { 'if-match': tag } })
      expect(problemIn(answer)).toMatchObject({ status: 400, places: ['If-Match'] })
    })
  })
})

describe('DELETE /moq/scopes/{id}', () => {
  it('answers 202 with the operation when some provider still has it', async () => {
    const api = await apiWithScope()
    api.scopes.outcome = { state: 'degraded' }
    const answer = await api.send('DELETE', SCOPE)
    expect([answer.status, answer.json['state']]).toEqual([202, 'degraded'])
    expect(answer.headers.get('location')).toBe(`/operations/${textOf(answer.json['operation_id'])}`)
  })

  it('answers 202 when asked to respond asynchronously', async () => {
    expect((await (await apiWithScope()).send('DELETE', SCOPE, { headers: { prefer: 'respond-async' } })).status).toBe(
      202,
    )
  })

  it('answers 502 with the reason when it failed at a provider', async () => {
    const api = await apiWithScope()
    api.scopes.outcome = {
      state: 'failed',
      failures: [{ provider: 'alpha', code: 'unauthorized', detail: 'key refused' }],
    }
    const answer = await api.send('DELETE', SCOPE)
    expect(problemIn(answer)).toMatchObject({ status: 502, kind: 'operation-failed' })
    expect(answer.json['providers']).toEqual([{ provider: 'alpha', code: 'unauthorized', detail: 'key refused' }])
  })

  it('answers 404 the second time', async () => {
    const api = await apiWithScope()
    await api.send('DELETE', SCOPE)
    expect((await api.send('DELETE', SCOPE)).status).toBe(404)
  })
})

describe('POST /moq/scopes/{id}/failover', () => {
  it('answers 200 with the scope and its new primary', async () => {
    const api = await apiWithScope()
    const answer = await api.send('POST', `${SCOPE}/failover`, { json: { to: 'beta', reason: 'maintenance' } })
    expect(answer.json).toMatchObject({ scope_id: 'scope-0001', primary: 'beta', revision: 2 })
    expect(api.scopes.accepted.at(-1)?.request).toEqual({ to: 'beta', reason: 'maintenance' })
  })

  it('answers 202 when it outlasts the patience', async () => {
    const api = await apiWithScope()
    api.scopes.outcome = { state: 'stuck' }
    expect((await api.send('POST', `${SCOPE}/failover`, { json: { reason: 'why' } })).status).toBe(202)
  })

  it('answers 409 with the operation’s reason when it failed and no provider is to blame', async () => {
    const api = await apiWithScope()
    api.scopes.outcome = { state: 'failed' }
    const answer = await api.send('POST', `${SCOPE}/failover`, { json: { reason: 'why' } })
    expect(problemIn(answer)).toMatchObject({ status: 409, kind: 'invalid-state' })
    expect(answer.json['detail']).toBe('It did not work out.')
  })

  it.each([
    ['/reason', {}],
    ['/reason', { reason: '' }],
    ['/too', { reason: 'why', too: 'beta' }],
  ])('refuses with 400 and the pointer %s: %j', async (pointer, json) => {
    const answer = await (await apiWithScope()).send('POST', `${SCOPE}/failover`, { json })
    expect(problemIn(answer)).toEqual({ status: 400, kind: 'invalid-request', places: [pointer] })
  })
})

describe('GET /moq/scopes/{id}/credentials', () => {
  it.each([
    ['mqb_operator', '', [PUBLISH_TOKEN, SUBSCRIBE_TOKEN], 0],
    ['mqb_admin', '?right=publish', [PUBLISH_TOKEN], 0],
    ['mqb_operator', '?right=subscribe', [PUBLISH_TOKEN, SUBSCRIBE_TOKEN], 0],
    ['mqb_reader', '', [SUBSCRIBE_TOKEN], 1],
    ['mqb_reader', '?right=subscribe', [SUBSCRIBE_TOKEN], 1],
    ['mqb_reader', '?right=publish', [], 1],
  ])('gives %s what it may have: %s', async (key, query, tokens, withheld) => {
    const api = await apiWithScope({ providers: ['alpha'] })
    const answer = await api.send('GET', `${SCOPE}/credentials${query}`, { key })
    const urls = tokens.map((token) => ({ connect_url: `moqt://alpha.example/${token}`, provider: 'alpha' }))
    expect(answer.json).toMatchObject({ scope_id: 'scope-0001', credentials: urls, withheld })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('answers 404 for a scope that is not there and 400 for an unknown right', async () => {
    const api = new FrontApi()
    expect((await api.send('GET', `${SCOPE}/credentials`)).status).toBe(404)
    expect(problemIn(await api.send('GET', `${SCOPE}/credentials?right=own`))).toMatchObject({
      status: 400,
      places: ['right'],
    })
  })
})

describe('GET /moq/scopes/{id}/events', () => {
  const event = (sequence: number) => ({
    sequence,
    at: 0,
    type: 'scope.created',
    by: 'x',
    operation: 'o',
    provider: 'p',
    detail: 'd',
  })

  it('pages by sequence', async () => {
    const api = await apiWithScope()
    api.scopes.history.set('scope-0001', [event(1), event(2), event(3)])
    const first = await api.send('GET', `${SCOPE}/events?limit=2`)
    expect(first.json['next_after']).toBe(2)
    expect(first.headers.get('link')).toBe(`<${SCOPE}/events?limit=2&after=2>; rel="next"`)
    const second = await api.send('GET', `${SCOPE}/events?limit=2&after=2`)
    expect(second.json).toEqual({ events: [{ ...event(3), at: '1970-01-01T00:00:00.000Z' }] })
    expect(second.headers.get('link')).toBeNull()
  })

  it('keeps the history of a deleted scope readable, and says 404 where there never was one', async () => {
    const api = await apiWithScope()
    api.scopes.history.set('scope-0001', [event(1)])
    api.scopes.views.clear()
    expect((await api.send('GET', `${SCOPE}/events`)).status).toBe(200)
    expect((await api.send('GET', '/moq/scopes/never/events')).status).toBe(404)
  })

  it.each(['after=-1', 'after=x', 'after=1.5'])('refuses %s', async (query) => {
    const answer = await (await apiWithScope()).send('GET', `${SCOPE}/events?${query}`)
    expect(problemIn(answer)).toMatchObject({ status: 400, places: ['after'] })
  })
})

describe('GET /operations/{id}', () => {
  it('gives an ended operation with its steps', async () => {
    const api = new FrontApi()
    api.scopes.outcome = { state: 'degraded', failures: [{ provider: 'beta', code: 'timeout', detail: 'no answer' }] }
    await api.send('POST', '/moq/scopes')
    const answer = await api.send('GET', '/operations/operation-0002')
    expect(answer.json).toMatchObject({
      operation_id: 'operation-0002',
      state: 'degraded',
      steps: [
        { provider: 'beta', state: 'failed', error: { code: 'timeout' }, started_at: '2026-11-21T00:00:00.000Z' },
      ],
    })
    expect(answer.headers.get('retry-after')).toBeNull()
  })

  it('tells when to ask again while it runs', async () => {
    const api = new FrontApi()
    api.scopes.outcome = { state: 'stuck' }
    await api.send('POST', '/moq/scopes')
    expect((await api.send('GET', '/operations/operation-0002')).headers.get('retry-after')).toBe('1')
  })

  it('answers 404 for one that never was', async () => {
    expect((await new FrontApi().send('GET', '/operations/none')).status).toBe(404)
  })
})
