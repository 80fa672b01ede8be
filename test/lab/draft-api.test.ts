import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { callApi, startTestCdn } from '../support/lab-cdn.ts'

const FALLBACK = { origin_fallback: { url: 'moqt://origin.example.com/secret-token' } }

const scopeSchema = z.object({ scope_id: z.string(), url: z.string(), token: z.string() })
const isDraftScope = new Ajv2020({ strict: false }).compile(
  z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(readFileSync(new URL('draft-schema.json', import.meta.url), 'utf8'))),
)

describe('the draft API', () => {
  it.each([
    ['no body at all', undefined, undefined],
    ['an empty object', {}, undefined],
    ['an empty configuration', { config: {} }, {}],
    ['an origin fallback without a url', { config: { origin_fallback: {} } }, { origin_fallback: {} }],
    ['an origin fallback', { config: FALLBACK }, FALLBACK],
    ['unknown members, which it ignores', { label: 'x', config: { ...FALLBACK, more: 1 } }, FALLBACK],
  ])('creates a scope as the OpenAPI documents it from %s', async (_, body, config) => {
    const cdn = await startTestCdn('draft')

    const answer = await cdn.call('POST', '/moq/scopes', body)

    expect(answer.status).toBe(201)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(isDraftScope(answer.json)).toBe(true)
    expect(answer.json).toEqual({
      scope_id: expect.any(String),
      url: cdn.relayUrl,
      token: expect.stringMatching(/^[\w-]{40,}$/),
      ...(config !== undefined && { config }),
    })
  })

  it('gives every scope an id and a token of its own, whatever Idempotency-Key says', async () => {
    const cdn = await startTestCdn('draft')
    const key = { 'idempotency-key': 'same' }

    const one = scopeSchema.parse((await cdn.call('POST', '/moq/scopes', {}, key)).json)
    const two = scopeSchema.parse((await cdn.call('POST', '/moq/scopes', {}, key)).json)

    expect(one.scope_id).not.toBe(two.scope_id)
    expect(one.token).not.toBe(two.token)
  })

  it.each([
    ['text that is not JSON', '{"config":', 400],
    ['an array', [], 400],
    ['null', 'null', 400],
    ['a configuration that is no object', { config: 7 }, 400],
    ['a null configuration', { config: null }, 400],
    ['an origin fallback that is a string', { config: { origin_fallback: 'moqt://a' } }, 400],
    ['a fallback url that is a number', { config: { origin_fallback: { url: 7 } } }, 400],
    ['a relative fallback url', { config: { origin_fallback: { url: '/origin' } } }, 400],
    ['a fallback url without a host', { config: { origin_fallback: { url: 'moqt:///token' } } }, 400],
    ['a fallback url of another scheme', { config: { origin_fallback: { url: 'ftp://origin.example.com' } } }, 400],
    ['a body above 64 KiB', { filler: 'x'.repeat(70_000) }, 413],
  ])('refuses %s with a problem and creates nothing', async (_, body, status) => {
    const cdn = await startTestCdn('draft')

    const answer = await cdn.call('POST', '/moq/scopes', body)

    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.json).toMatchObject({ status, detail: expect.any(String) })
    expect(await scopeCount(cdn.adminUrl)).toBe(0)
  })

  it('points at the member that is wrong without repeating its value', async () => {
    const cdn = await startTestCdn('draft')

    const answer = await cdn.call('POST', '/moq/scopes', { config: { origin_fallback: { url: 'token-in-here' } } })

    expect(answer.json).toMatchObject({ errors: [{ pointer: '#/config/origin_fallback/url' }] })
    expect(answer.text).not.toContain('token-in-here')
  })

  it('refuses a body that is not declared as JSON', async () => {
    const cdn = await startTestCdn('draft')

    const answer = await cdn.call('POST', '/moq/scopes', '{}', { 'content-type': 'text/plain' })

    expect(answer.status).toBe(415)
  })

  it.each([
    ['no Authorization', ''],
    ['another token', 'Bearer wrong'],
    ['another scheme', 'Basic test-api-token'],
    ['the token without a scheme', 'test-api-token'],
  ])('answers 401 to %s', async (_, authorization) => {
    const cdn = await startTestCdn('draft')

    const answer = await cdn.call('POST', '/moq/scopes', {}, { authorization })

    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await scopeCount(cdn.adminUrl)).toBe(0)
  })

  it.each([
    ['GET', '/moq/scopes', 405],
    ['DELETE', '/moq/scopes', 405],
    ['PUT', '/moq/scopes', 405],
    ['GET', '/moq/scopes/1', 404],
    ['PATCH', '/moq/scopes/1', 404],
    ['DELETE', '/moq/scopes/1', 404],
    ['POST', '/moq/scopes/1/tokens', 404],
    ['POST', '/', 404],
  ])('knows nothing beyond the draft: %s %s is %i', async (method, path, status) => {
    const cdn = await startTestCdn('draft')

    const answer = await cdn.call(method, path)

    expect(answer.status).toBe(status)
    expect(answer.headers.get('allow')).toBe(status === 405 ? 'POST' : null)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })

  it('logs calls by route and never a token', async () => {
    const cdn = await startTestCdn('draft')

    const scope = scopeSchema.parse((await cdn.call('POST', '/moq/scopes', { config: FALLBACK })).json)
    await cdn[Symbol.asyncDispose]()

    const log = cdn.logged.join('\n')
    expect(log).toContain('"call":"POST /moq/scopes","status":201')
    for (const secret of [scope.token, 'secret-token', 'test-api-token']) expect(log).not.toContain(secret)
  })
})

async function scopeCount(adminUrl: string): Promise<number> {
  const { json } = await callApi(`${adminUrl}/state`, 'GET')
  return z.object({ scopeCount: z.number() }).parse(json).scopeCount
}
