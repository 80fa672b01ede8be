import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProviderAdapter } from '../../src/adapters/contract.ts'
import { adapterDefinition } from '../../src/adapters/registry.ts'
import { adapterErrorOf } from '../support/adapter-errors.ts'
import { type ApiRecorder, startApiRecorder } from '../support/api-recorder.ts'
import { defined } from '../support/defined.ts'

const call = { signal: new AbortController().signal }
const created = { scope_id: 'a1b2', url: 'moqt://relay.example.com', token: 'eyJhbGciOiJFZDI1NTE5' }
const EVERYTHING = {
  operations: ['get', 'list', 'update', 'delete', 'mint', 'revoke'],
  subscribe_token: true,
  labels: true,
  idempotency_key: true,
}

let api: ApiRecorder
let adapters: ProviderAdapter[]

beforeEach(async () => {
  api = await startApiRecorder()
  adapters = []
})
afterEach(async () => {
  for (const adapter of adapters) await adapter[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

function adapterWith(options: Readonly<Record<string, unknown>> = {}): ProviderAdapter {
  const definition = defined(adapterDefinition('draft-http'))
  const result = definition.configure({ base_url: `${api.url}/edge`, token: 'account-token', ...options })
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  const adapter = result.adapter.create({ provider: 'cdn-a', timeoutMs: 2000, now: () => 0 })
  adapters.push(adapter)
  return adapter
}

describe('what draft-http sends to a CDN that offers only the draft', () => {
  it('is an empty object without an upstream; neither label nor idempotency key', async () => {
    api.reply({ status: 201, json: created })
    await adapterWith().createScope({ label: 'l', upstreams: [] }, { ...call, idempotencyKey: 'k' })
    expect(api.requests).toMatchObject([
      { method: 'POST', url: '/edge/moq/scopes', body: {}, headers: { authorization: 'Bearer account-token' } },
    ])
    expect(api.requests[0]?.body).toEqual({})
    expect(api.requests[0]?.headers).not.toHaveProperty('idempotency-key')
  })

  it('is the upstream as origin fallback', async () => {
    api.reply({ status: 201, json: created })
    const upstream = 'https://primary.example:4443/tok.en-1'
    expect(await adapterWith().createScope({ label: 'l', upstreams: [upstream] }, call)).toEqual({
      scopeId: 'a1b2',
      url: 'moqt://relay.example.com',
      credentials: [{ rights: ['publish', 'subscribe'], secret: created.token }],
    })
    expect(api.requests[0]?.body).toEqual({ config: { origin_fallback: { url: upstream } } })
  })

  it.each([
    { token_header: 'x-api-key', name: 'x-api-key', value: 'account-token' },
    { token_header: 'Authorization: Token', name: 'authorization', value: 'Token account-token' },
  ])('carries the token as "$token_header" says', async ({ token_header, name, value }) => {
    api.reply({ status: 201, json: created })
    await adapterWith({ token_header }).createScope({ label: 'l', upstreams: [] }, call)
    expect(api.requests[0]?.headers[name]).toBe(value)
  })
})

describe('what draft-http sends to a CDN that offers more', () => {
  it('is the label, and the idempotency key as a structured-field string', async () => {
    api.reply({ status: 201, json: { ...created, subscribe_token: 'sub' } })
    const scope = await adapterWith(EVERYTHING).createScope(
      { label: 'b.s-1', upstreams: [] },
      { ...call, idempotencyKey: 'k-1' },
    )
    expect(scope.credentials).toEqual([
      { rights: ['publish', 'subscribe'], secret: created.token },
      { rights: ['subscribe'], secret: 'sub' },
    ])
    expect(api.requests[0]?.body).toEqual({ label: 'b.s-1' })
    expect(api.requests[0]?.headers['idempotency-key']).toBe('"k-1"')
  })

  it('is null to clear the upstreams', async () => {
    api.reply({ status: 200, json: {} }, { status: 204 })
    const adapter = adapterWith(EVERYTHING)
    await adapter.setUpstreams?.('s/1', ['moqt://up.example/t'], call)
    await adapter.setUpstreams?.('s/1', [], call)
    expect(api.requests).toMatchObject([
      {
        method: 'PATCH',
        url: '/edge/moq/scopes/s%2F1',
        body: { config: { origin_fallback: { url: 'moqt://up.example/t' } } },
      },
      { method: 'PATCH', url: '/edge/moq/scopes/s%2F1', body: { config: { origin_fallback: null } } },
    ])
  })

  it('encodes ids in paths', async () => {
    const token = { token_id: 't?1', token: 'x', operations: ['subscribe'] }
    api.reply({ status: 201, json: token }, { status: 204 }, { status: 204 }, { status: 404 })
    const adapter = adapterWith(EVERYTHING)
    expect(await adapter.mintCredential?.('s 1', ['subscribe'], call)).toEqual({
      remoteId: 't?1',
      rights: ['subscribe'],
      secret: 'x',
    })
    await adapter.revokeCredential?.('s 1', 't?1', call)
    await adapter.deleteScope?.('../x', call)
    expect(await adapter.getScope?.('s#1', call)).toBeUndefined()
    expect(api.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /edge/moq/scopes/s%201/tokens',
      'DELETE /edge/moq/scopes/s%201/tokens/t%3F1',
      'DELETE /edge/moq/scopes/..%2Fx',
      'GET /edge/moq/scopes/s%231',
    ])
    expect(api.requests[0]?.body).toEqual({ operations: ['subscribe'] })
  })

  it('asks get for the relay url where the list does not tell it, when it adopts', async () => {
    const minted = (name: string, operations: readonly string[]) => ({
      status: 201,
      json: { token_id: name, token: `new-${name}`, operations },
    })
    api.reply(
      { status: 200, json: { scopes: [{ scope_id: 'other', label: 'x' }], next_cursor: 'c+1' } },
      { status: 200, json: { scopes: [{ scope_id: 'mine', label: 'l', config: {} }], next_cursor: null } },
      { status: 200, json: { scope_id: 'mine', url: 'https://relay.example/' } },
      minted('full', ['publish', 'subscribe']),
      minted('sub', ['subscribe']),
    )
    expect(await adapterWith(EVERYTHING).adoptScope?.('l', call)).toEqual({
      scopeId: 'mine',
      url: 'https://relay.example',
      credentials: [
        { remoteId: 'full', rights: ['publish', 'subscribe'], secret: 'new-full' },
        { remoteId: 'sub', rights: ['subscribe'], secret: 'new-sub' },
      ],
    })
    expect(api.requests.map(({ url }) => url).slice(0, 3)).toEqual([
      '/edge/moq/scopes?limit=100',
      '/edge/moq/scopes?limit=100&cursor=c%2B1',
      '/edge/moq/scopes/mine',
    ])
  })
})

describe('what draft-http refuses in an answer', () => {
  const { scope_id, url, token } = created
  it.each([
    { why: 'no scope_id', json: { url, token } },
    { why: 'an empty scope_id', json: { ...created, scope_id: '' } },
    { why: 'a scope_id that climbs out of its path', json: { ...created, scope_id: '..' } },
    { why: 'no url', json: { scope_id, token } },
    { why: 'a relative url', json: { ...created, url: '/relay' } },
    { why: 'an http url', json: { ...created, url: 'http://relay.example.com' } },
    { why: 'a url with a query', json: { ...created, url: `${url}/?a=1` } },
    { why: 'a url with a fragment', json: { ...created, url: `${url}#a` } },
    { why: 'a url with two trailing slashes', json: { ...created, url: `${url}//` } },
    { why: 'no token', json: { scope_id, url } },
    { why: 'an empty token', json: { ...created, token: '' } },
    { why: 'a token with "/"', json: { ...created, token: 'planted/token' } },
    { why: 'a token with "?"', json: { ...created, token: 'planted?token' } },
    { why: 'a token with "#"', json: { ...created, token: 'planted#token' } },
    { why: 'a token with white space', json: { ...created, token: 'planted token' } },
    { why: 'a list', json: [created] },
    { why: 'null', json: null },
  ])('is $why', async ({ json }) => {
    api.reply({ status: 201, json })
    const error = await adapterErrorOf(adapterWith().createScope({ label: 'l', upstreams: [] }, call))
    expect(error).toMatchObject({ kind: 'protocol', effect: 'unknown' })
    expect(error.message).not.toContain('planted')
  })

  it('is a missing subscribe_token where one was promised', async () => {
    api.reply({ status: 201, json: created })
    const error = await adapterErrorOf(adapterWith(EVERYTHING).createScope({ label: 'l', upstreams: [] }, call))
    expect(error).toMatchObject({ kind: 'protocol' })
    expect(error.detail).toContain('subscribe_token')
  })

  it('is a list that never ends', async () => {
    const page = { status: 200, json: { scopes: [], next_cursor: 'again' } }
    api.reply(page, page, page)
    const error = await adapterErrorOf(adapterWith(EVERYTHING).adoptScope?.('l', call) ?? Promise.resolve())
    expect(error).toMatchObject({ kind: 'protocol', operation: 'adoptScope' })
    expect(api.requests).toHaveLength(2)
  })

  it('is an adopted scope whose relay url nobody tells', async () => {
    api.reply(
      { status: 200, json: { scopes: [{ scope_id: 'mine', label: 'l' }] } },
      { status: 200, json: { scope_id: 'mine' } },
    )
    const error = await adapterErrorOf(adapterWith(EVERYTHING).adoptScope?.('l', call) ?? Promise.resolve())
    expect(error.kind).toBe('protocol')
    expect(api.requests).toHaveLength(2)
  })
})

describe('what draft-http tolerates', () => {
  it('is one trailing slash of the url', async () => {
    api.reply({ status: 201, json: { ...created, url: 'https://relay.example.com/' } })
    const scope = await adapterWith().createScope({ label: 'l', upstreams: [] }, call)
    expect(scope.url).toBe('https://relay.example.com')
  })

  it.each([
    { form: 'a problem', json: { type: 'about:blank', title: 'Bad', detail: 'name is taken', code: 'E7' } },
    { form: 'an error object', json: { error: { code: 'E7', message: 'name is taken' } } },
    { form: 'code and message', json: { code: 'E7', message: 'name is taken' } },
  ])('is an error body that is $form', async ({ json }) => {
    api.reply({ status: 409, json })
    const error = await adapterErrorOf(adapterWith().createScope({ label: 'l', upstreams: [] }, call))
    expect(error).toMatchObject({ kind: 'conflict', remoteCode: 'E7' })
    expect(error.detail).toContain('name is taken')
  })
})
