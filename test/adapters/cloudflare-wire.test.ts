import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProviderAdapter } from '../../src/adapters/contract.ts'
import { adapterDefinition } from '../../src/adapters/registry.ts'
import { adapterErrorOf } from '../support/adapter-errors.ts'
import { type ApiRecorder, type Reply, startApiRecorder } from '../support/api-recorder.ts'
import { defined } from '../support/defined.ts'

const call = { signal: new AbortController().signal }
const uid = 'f'.repeat(32)
const RELAYS = '/v4/accounts/acc-1/moq/relays'
const input = { label: 'scope-1', upstreams: [] }

let api: ApiRecorder
let adapter: ProviderAdapter

beforeEach(async () => {
  api = await startApiRecorder()
  const result = defined(adapterDefinition('cloudflare')).configure({
    base_url: `${api.url}/v4`,
    account_id: 'acc-1',
    api_token: 'account-token',
    relay_url: 'https://draft-16.relay.example',
    name_prefix: 'mb/',
  })
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  adapter = result.adapter.create({ provider: 'cf', timeoutMs: 2000, now: () => 0 })
})
afterEach(async () => {
  await adapter[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const ok = (result: unknown, status = 200): Reply => ({
  status,
  json: { success: true, errors: [], messages: [], result },
})
const hex = (digit: string): string => digit.repeat(32)
const token = (jti: string, operations: readonly string[], secret?: string) => ({
  jti,
  operations,
  created: '2026-11-21T00:00:00Z',
  expires: '2027-11-21T00:00:00Z',
  ...(secret !== undefined && { secret }),
})
const issuersOf = (...tokens: readonly object[]) => ({
  issuers: [{ type: 'cloudflare_jwt', issuer: 'cloudflare', cloudflare_tokens: tokens }],
})
const defaults = issuersOf(token(hex('1'), ['publish', 'subscribe'], 'full'), token(hex('2'), ['subscribe'], 'sub'))
const relay = { uid, name: 'mb/scope-1', created: '2026-11-21T00:00:00Z', modified: '2026-11-21T00:00:00Z' }

describe('what the cloudflare adapter sends', () => {
  it('is a name only, at creation', async () => {
    api.reply(ok({ ...relay, config: {}, ...defaults }, 201))
    expect(await adapter.createScope(input, call)).toEqual({
      scopeId: uid,
      url: 'https://draft-16.relay.example',
      credentials: [
        { remoteId: hex('1'), rights: ['publish', 'subscribe'], secret: 'full', expiresAt: '2027-11-21T00:00:00Z' },
        { remoteId: hex('2'), rights: ['subscribe'], secret: 'sub', expiresAt: '2027-11-21T00:00:00Z' },
      ],
    })
    expect(api.requests).toMatchObject([
      { method: 'POST', url: RELAYS, headers: { authorization: 'Bearer account-token' } },
    ])
    expect(api.requests[0]?.body).toEqual({ name: 'mb/scope-1' })
  })

  it('switches upstreams on with a list and off without one', async () => {
    api.reply(ok({}), ok({}))
    await adapter.setUpstreams?.(uid, ['moqt://a.example/t', 'https://b.example/t'], call)
    await adapter.setUpstreams?.(uid, [], call)
    expect(api.requests).toMatchObject([
      {
        method: 'PUT',
        url: `${RELAYS}/${uid}`,
        body: {
          config: {
            upstreams: { enabled: true, upstreams: [{ url: 'moqt://a.example/t' }, { url: 'https://b.example/t' }] },
          },
        },
      },
      { method: 'PUT', url: `${RELAYS}/${uid}`, body: { config: { upstreams: { enabled: false, upstreams: [] } } } },
    ])
  })

  it('mints two tokens for an adopted relay and then revokes the old ones', async () => {
    api.reply(
      ok([relay]),
      ok(issuersOf(token(hex('1'), ['publish', 'subscribe']), token(hex('2'), ['subscribe']))),
      ok(issuersOf(token(hex('3'), ['publish', 'subscribe'], 'full-3')), 201),
      ok(issuersOf(token(hex('4'), ['subscribe'], 'sub-4')), 201),
      { status: 200, json: { success: true, errors: [], messages: [] } },
      { status: 200, json: { success: true, errors: [], messages: [] } },
    )
    const scope = await adapter.adoptScope?.('scope-1', call)
    expect(scope?.credentials.map(({ remoteId }) => remoteId)).toEqual([hex('3'), hex('4')])
    expect(api.requests.map(({ method, url }) => `${method} ${url.replace(RELAYS, '').replace(uid, 'UID')}`)).toEqual([
      'GET ?per_page=100',
      'GET /UID/tokens',
      'POST /UID/tokens',
      'POST /UID/tokens',
      `DELETE /UID/tokens/${hex('1')}`,
      `DELETE /UID/tokens/${hex('2')}`,
    ])
    expect(api.requests.slice(2, 4).map(({ body }) => body)).toEqual([
      { operations: ['publish', 'subscribe'] },
      { operations: ['subscribe'] },
    ])
  })

  it('pages so that relays of one instant are not lost between two pages', async () => {
    const at = (digit: string, created: string) => ({ ...relay, uid: hex(digit), name: `mb/${digit}`, created })
    const [a, b, c] = [
      at('a', '2026-11-21T00:00:02Z'),
      at('b', '2026-11-21T00:00:01Z'),
      at('c', '2026-11-21T00:00:01Z'),
    ]
    api.reply(ok([a, b]), ok([b, c]), ok([b, c]))
    const labels: (string | undefined)[] = []
    for await (const { label } of adapter.listScopes?.(call) ?? []) labels.push(label)
    expect(labels).toEqual(['a', 'b', 'c'])
    expect(api.requests.map(({ url }) => new URL(url, api.url).searchParams.get('created_before'))).toEqual([
      null,
      '2026-11-21T00:00:01.001Z',
      '2026-11-21T00:00:01.001Z',
    ])
  })
})

describe('what the cloudflare adapter reads', () => {
  it('are the two tokens of an earlier generation', async () => {
    api.reply(ok({ ...relay, config: {}, token_publish_subscribe: 'full', token_subscribe: 'sub' }, 201))
    expect((await adapter.createScope(input, call)).credentials).toEqual([
      { rights: ['publish', 'subscribe'], secret: 'full' },
      { rights: ['subscribe'], secret: 'sub' },
    ])
  })

  it('are only issuers and operations that it knows', async () => {
    const { issuers } = issuersOf(
      token(hex('1'), ['publish', 'subscribe', 'fetch'], 'full'),
      token(hex('2'), ['subscribe'], 'sub'),
      token(hex('3'), ['fetch'], 'fetch'),
    )
    api.reply(ok({ ...relay, config: {}, issuers: [{ type: 'c4m', tokens: [{ cwt: 7 }] }, ...issuers] }, 201))
    const { credentials } = await adapter.createScope(input, call)
    expect(credentials.map(({ secret }) => secret)).toEqual(['full', 'sub'])
  })

  it.each([
    {
      what: 'enabled upstreams',
      config: { upstreams: { enabled: true, upstreams: [{ url: 'moqt://a' }] } },
      read: ['moqt://a'],
    },
    {
      what: 'upstreams without "enabled"',
      config: { upstreams: { upstreams: [{ url: 'moqt://a' }] } },
      read: ['moqt://a'],
    },
    {
      what: 'disabled upstreams',
      config: { upstreams: { enabled: false, upstreams: [{ url: 'moqt://a' }] } },
      read: [],
    },
    { what: 'no config', config: {}, read: [] },
    {
      what: 'the fallback of an earlier generation',
      config: { origin_fallback: { enabled: true, origins: [{ url: 'moqt://a' }] } },
      read: ['moqt://a'],
    },
  ])('are $what', async ({ config, read }) => {
    api.reply(ok({ ...relay, config, status: 'connected' }))
    expect(await adapter.getScope?.(uid, call)).toEqual({ scopeId: uid, label: 'scope-1', upstreams: read })
  })

  it('is no label in the name of a relay that is not ours', async () => {
    api.reply(ok([{ ...relay, name: 'somebody else' }]), ok([]))
    for await (const scope of adapter.listScopes?.(call) ?? []) expect(scope).toEqual({ scopeId: uid })
    expect(api.requests).toHaveLength(2)
  })
})

describe('what the cloudflare adapter refuses in an answer', () => {
  const publisher = token(hex('1'), ['publish', 'subscribe'], 'full')
  it.each([
    { why: 'success: false', json: { success: false, errors: [], messages: [], result: { ...relay, ...defaults } } },
    { why: 'no envelope', json: { ...relay, ...defaults } },
    { why: 'a uid that is no id', json: { success: true, result: { ...relay, ...defaults, uid: '../x' } } },
    { why: 'no credentials', json: { success: true, result: relay } },
    { why: 'no credential for subscribers', json: { success: true, result: { ...relay, ...issuersOf(publisher) } } },
    {
      why: 'tokens of a known issuer in another shape',
      json: {
        success: true,
        result: { ...relay, issuers: [{ type: 'cloudflare_jwt', tokens: [] }, ...defaults.issuers] },
      },
    },
    {
      why: 'a secret that is no path segment',
      json: { success: true, result: { ...relay, ...issuersOf({ ...publisher, secret: 'planted/x' }) } },
    },
  ])('is $why', async ({ json }) => {
    api.reply({ status: 201, json })
    const error = await adapterErrorOf(adapter.createScope(input, call))
    expect(error).toMatchObject({ kind: 'protocol', effect: 'unknown' })
    expect(error.message).not.toContain('planted')
  })

  it('is a minted token with other rights than asked for, or without its secret', async () => {
    api.reply(ok(issuersOf(publisher), 201), ok(issuersOf(token(hex('1'), ['subscribe'])), 201))
    for (const _ of [1, 2]) {
      const minting = adapter.mintCredential?.(uid, ['subscribe'], call) ?? Promise.resolve()
      expect(await adapterErrorOf(minting)).toMatchObject({ kind: 'protocol', effect: 'unknown' })
    }
  })

  it('is a 404 that does not say that the relay is gone', async () => {
    const noRoute = {
      status: 404,
      json: { success: false, errors: [{ code: 7003, message: 'no route' }], result: null },
    }
    api.reply(noRoute, { status: 404, text: 'nginx' })
    for (const remoteCode of ['7003', undefined]) {
      const deletion = adapter.deleteScope?.(uid, call) ?? Promise.resolve()
      expect(await adapterErrorOf(deletion)).toMatchObject({ kind: 'not_found', remoteCode })
    }
  })
})

describe('the error codes of cloudflare', () => {
  it.each([
    { code: 10000, status: 403, kind: 'unauthorized' },
    { code: 10000, status: 400, kind: 'unauthorized' },
    { code: 21001, status: 413, kind: 'rejected' },
    { code: 21002, status: 400, kind: 'rejected' },
    { code: 21003, status: 400, kind: 'rejected' },
    { code: 21004, status: 400, kind: 'rejected' },
    { code: 21005, status: 400, kind: 'unavailable' },
    { code: 21006, status: 500, kind: 'unavailable' },
    { code: 21007, status: 404, kind: 'not_found' },
    { code: 21008, status: 409, kind: 'quota' },
    { code: 21009, status: 409, kind: 'quota' },
    { code: 21010, status: 400, kind: 'rejected' },
    { code: 21011, status: 400, kind: 'rejected' },
    { code: 21012, status: 400, kind: 'rejected' },
    { code: 21013, status: 400, kind: 'rejected' },
    { code: 21014, status: 400, kind: 'rejected' },
    { code: 99999, status: 409, kind: 'conflict' },
    { code: 971, status: 429, kind: 'throttled' },
  ])('make $code with status $status "$kind"', async ({ code, status, kind }) => {
    api.reply({
      status,
      json: { success: false, errors: [{ code, message: 'why it failed' }], messages: [], result: null },
    })
    const error = await adapterErrorOf(adapter.createScope(input, call))
    expect(error).toMatchObject({ kind, status, remoteCode: String(code) })
    expect(error.detail).toContain('why it failed')
  })
})
