import { describe, expect, it } from 'vitest'
import { PUBLISH_TOKEN } from './fake-scopes.ts'
import { FrontApi, problemIn, textOf } from './front-api.ts'
import { createAjv } from './openapi-check.ts'

/** The seed's own OpenAPI (draft-englishm-moq-cdn-provisioning, openapi.yaml 0.0.1) restated. */
const DRAFT_CONFIG = {
  type: 'object',
  properties: { origin_fallback: { type: 'object', properties: { url: { type: 'string' } } } },
}
const DRAFT_SCOPE = {
  type: 'object',
  required: ['scope_id', 'url', 'token'],
  properties: {
    scope_id: { type: 'string' },
    url: { type: 'string' },
    token: { type: 'string' },
    config: DRAFT_CONFIG,
  },
}

describe('POST /moq/scopes, as the draft has it', () => {
  const validate = createAjv().compile(DRAFT_SCOPE)

  it.each([
    ['no body and no content type', {}],
    ['an empty body typed as JSON', { headers: { 'content-type': 'application/json' } }],
    ['an empty object', { json: {} }],
    ['an empty config', { json: { config: {} } }],
    ['an origin fallback without url', { json: { config: { origin_fallback: {} } } }],
    ['an origin fallback', { json: { config: { origin_fallback: { url: 'moqt://origin.example.com' } } } }],
    ['members of a later draft', { json: { config: { later: true }, later: [1] } }],
    ['a charset', { body: '{}', headers: { 'content-type': 'application/json; charset=utf-8' } }],
  ])('answers 201 with the draft’s members to %s', async (_, call) => {
    const answer = await new FrontApi().send('POST', '/moq/scopes', call)
    expect(answer.status).toBe(201)
    expect(validate(answer.json), JSON.stringify(validate.errors)).toBe(true)
  })

  it('gives the token as it is, slash and all, and echoes the whole configuration', async () => {
    const url = 'https://origin.example.com/path/secret?token=abc'
    const answer = await new FrontApi().send('POST', '/moq/scopes', { json: { config: { origin_fallback: { url } } } })
    expect(answer.json['token']).toBe(PUBLISH_TOKEN)
    expect(answer.json['config']).toEqual({ origin_fallback: { url } })
  })

  it('leaves config out when none was given', async () => {
    const answer = await new FrontApi().send('POST', '/moq/scopes')
    expect(answer.json).not.toHaveProperty('config')
  })
})

describe('POST /moq/scopes, beyond the draft', () => {
  it('hands name, primary, providers and origin to the service, and the caller’s key id', async () => {
    const api = new FrontApi()
    const config = { origin_fallback: { url: 'wss://origin.example/x' } }
    await api.send('POST', '/moq/scopes', {
      json: { name: 'Große Show 🎬', primary: 'beta', providers: ['alpha', 'beta'], config },
    })
    expect(api.scopes.accepted).toEqual([
      {
        what: 'create',
        request: {
          name: 'Große Show 🎬',
          primary: 'beta',
          providers: ['alpha', 'beta'],
          origin: 'wss://origin.example/x',
        },
        context: { by: 'operator-id' },
      },
    ])
  })

  it('names the new scope in Location and its revision in ETag, and forbids storing the token', async () => {
    const answer = await new FrontApi().send('POST', '/moq/scopes', { json: { name: 'show' } })
    expect(answer.headers.get('location')).toBe('/moq/scopes/scope-0001')
    expect(answer.headers.get('etag')).toBe('"1"')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.json).toMatchObject({
      name: 'show',
      state: 'ready',
      primary: 'alpha',
      revision: 1,
      owner: 'operator-id',
    })
  })

  it('answers 201 degraded when some provider failed, and says why at the placement', async () => {
    const api = new FrontApi()
    api.scopes.outcome = { state: 'degraded' }
    const answer = await api.send('POST', '/moq/scopes')
    expect(answer.status).toBe(201)
    expect(answer.json).toMatchObject({
      state: 'degraded',
      placements: [
        { provider: 'alpha', state: 'ready' },
        {
          provider: 'beta',
          state: 'failed',
          error: { code: 'unavailable', attempts: 1, retry_at: '2026-11-21T00:00:01.000Z' },
        },
      ],
    })
  })

  it('answers 502 provisioning-failed with what went wrong at each provider', async () => {
    const api = new FrontApi()
    const failures = [
      { provider: 'alpha', code: 'quota', detail: 'the account is full' },
      { provider: 'beta', code: 'timeout', detail: 'no answer' },
    ]
    api.scopes.outcome = { state: 'failed', failures }
    const answer = await api.send('POST', '/moq/scopes')
    expect(problemIn(answer)).toMatchObject({ status: 502, kind: 'provisioning-failed' })
    expect(answer.json).toMatchObject({ providers: failures, scope: 'scope-0001', operation: 'operation-0002' })
  })

  it('answers 502 when the scope lost its primary before the answer', async () => {
    const api = new FrontApi()
    api.scopes.primaryIsThere = false
    expect(problemIn(await api.send('POST', '/moq/scopes'))).toMatchObject({ status: 502, kind: 'operation-failed' })
  })

  it.each([
    ['/config', { config: null }],
    ['/config/origin_fallback/url', { config: { origin_fallback: { url: 7 } } }],
    ['/config/origin_fallback/url', { config: { origin_fallback: { url: 'origin.example' } } }],
    ['/config/origin_fallback/url', { config: { origin_fallback: { url: 'http://origin.example' } } }],
    ['/config/origin_fallback/url', { config: { origin_fallback: { url: 'file:///etc/passwd' } } }],
    ['/config/origin_fallback/url', { config: { origin_fallback: { url: 'moqt://' } } }],
    ['/config/origin_fallback/url', { config: { origin_fallback: { url: 'moqt://o.example/#x' } } }],
    ['/config/origin_fallback/url', { config: { origin_fallback: { url: 'moqt://o.example/#' } } }],
    ['/config/origin_fallback/url', { config: { origin_fallback: { url: 'https://user:pw@o.example/' } } }],
    ['/config/origin_fallback/url', { config: { origin_fallback: { url: 'https://o.example/a b' } } }],
    ['/config/origin_fallback/url', { config: { origin_fallback: { url: 'https://o.exa\nmple/' } } }],
    ['/config/origin_fallback/url', { config: { origin_fallback: { url: 'https://[::1/' } } }],
    ['/name', { name: '' }],
    ['/name', { name: 'x'.repeat(129) }],
    ['/name', { name: 'two\nlines' }],
    ['/name', { name: '\ud800' }],
    ['/name', { name: null }],
    ['/primary', { primary: 'a/b' }],
    ['/providers', { providers: [] }],
    ['/providers', { providers: ['alpha', 'alpha'] }],
    ['/providers/1', { providers: ['alpha', 7] }],
    ['', []],
    ['', 'text'],
    ['', null],
  ])('refuses with 400 and the pointer "%s": %j', async (pointer, json) => {
    const api = new FrontApi()
    const answer = await api.send('POST', '/moq/scopes', { json })
    expect(problemIn(answer)).toEqual({ status: 400, kind: 'invalid-request', places: [pointer] })
    expect(api.scopes.accepted).toEqual([])
  })

  it('takes a name of 128 characters that each need two UTF-16 units', async () => {
    expect((await new FrontApi().send('POST', '/moq/scopes', { json: { name: '🎬'.repeat(128) } })).status).toBe(201)
  })

  it('never repeats a refused URL, which may hold a token', async () => {
    const url = 'http://origin.example/s3cr3t'
    const answer = await new FrontApi().send('POST', '/moq/scopes', { json: { config: { origin_fallback: { url } } } })
    expect(answer.text).not.toContain('s3cr3t')
  })
})

describe('waiting for a creation', () => {
  it('answers 202 with the operation at once when asked to respond asynchronously', async () => {
    const api = new FrontApi()
    const answer = await api.send('POST', '/moq/scopes', { headers: { prefer: 'respond-async' } })
    expect(answer.status).toBe(202)
    expect(answer.headers.get('preference-applied')).toBe('respond-async')
    expect(answer.headers.get('location')).toBe(`/operations/${textOf(answer.json['operation_id'])}`)
    expect(answer.json).toMatchObject({ kind: 'create', scope_id: 'scope-0001' })
  })

  it('answers 202 when the creation outlasts the patience, without claiming a preference', async () => {
    const api = new FrontApi()
    api.scopes.outcome = { state: 'stuck' }
    const answer = await api.send('POST', '/moq/scopes')
    expect(answer.status).toBe(202)
    expect(answer.headers.get('preference-applied')).toBeNull()
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(answer.json['state']).toBe('running')
  })

  it('waits as long as the client wants when it names both preferences', async () => {
    const answer = await new FrontApi().send('POST', '/moq/scopes', { headers: { prefer: 'respond-async, wait=10' } })
    expect(answer.status).toBe(201)
  })

  it('does not wait at all for "wait=0"', async () => {
    const answer = await new FrontApi().send('POST', '/moq/scopes', { headers: { prefer: 'wait=0; foo=bar, other' } })
    expect(answer.status).toBe(202)
  })
})
