import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ACCOUNT_ID, startTestCdn, type TestCdn, temporaryFolder } from '../support/lab-cdn.ts'

const RELAYS = `/accounts/${ACCOUNT_ID}/moq/relays`
const UNKNOWN_ID = '0123456789abcdef0123456789abcdef'
const YEAR_MS = 365 * 24 * 60 * 60 * 1000
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

const tokenSchema = z.object({ jti: z.string(), operations: z.array(z.string()), secret: z.string().optional() })
const collectionSchema = z.object({
  issuers: z.array(z.looseObject({ type: z.string(), cloudflare_tokens: z.array(tokenSchema).optional() })),
})
const relaySchema = z.object({ uid: z.string(), name: z.string(), created: z.string() })

async function create(cdn: TestCdn, name = 'a relay'): Promise<string> {
  return resultOf((await cdn.call('POST', RELAYS, { name })).json, relaySchema).uid
}

function resultOf<T>(json: unknown, schema: z.ZodType<T>): T {
  return z.object({ success: z.literal(true), result: schema }).parse(json).result
}

function tokensOf(json: unknown): readonly z.infer<typeof tokenSchema>[] {
  const { issuers } = resultOf(json, collectionSchema)
  return issuers.find(({ type }) => type === 'cloudflare_jwt')?.cloudflare_tokens ?? []
}

function failureWith(code: number): object {
  return { success: false, errors: [{ code, message: expect.any(String) }], messages: [], result: null }
}

describe('creating a relay', () => {
  it.each([undefined, null, {}])('takes a name, and a config of %j as absent', async (config) => {
    const cdn = await startTestCdn('cloudflare')

    const answer = await cdn.call('POST', RELAYS, { name: 'Production', config })

    expect(answer.status).toBe(201)
    expect(answer.json).toEqual({
      success: true,
      errors: [],
      messages: [],
      result: {
        uid: expect.stringMatching(/^[0-9a-f]{32}$/),
        name: 'Production',
        created: expect.stringMatching(RFC_3339),
        modified: expect.stringMatching(RFC_3339),
        config: { upstreams: { enabled: false, upstreams: [] } },
        issuers: expect.any(Array),
      },
    })
  })

  it('shows two tokens once, among issuers of which one is of an unknown type', async () => {
    const now = Date.UTC(2026, 10, 21)
    const cdn = await startTestCdn('cloudflare', { now: () => now })

    const { json } = await cdn.call('POST', RELAYS, { name: 'a' })

    expect(resultOf(json, collectionSchema).issuers.map(({ type }) => type)).toEqual(['lab_future', 'cloudflare_jwt'])
    const oneYearOn = expect.stringMatching(/^2027-11-21T00:00:00\.000/)
    const token = {
      jti: expect.stringMatching(/^[0-9a-f]{32}$/),
      created: expect.stringMatching(RFC_3339),
      expires: oneYearOn,
    }
    expect(tokensOf(json)).toHaveLength(2)
    expect(json).toMatchObject({
      result: {
        issuers: [
          {},
          {
            issuer: 'cloudflare',
            cloudflare_tokens: [
              { ...token, operations: ['publish', 'subscribe'] },
              { ...token, operations: ['subscribe'] },
            ],
          },
        ],
      },
    })
  })

  it('makes tokens that are signed JWTs about the relay', async () => {
    const dataDir = temporaryFolder()
    const cdn = await startTestCdn('cloudflare', { dataDir })

    const { json } = await cdn.call('POST', RELAYS, { name: 'a' })
    const [token] = tokensOf(json)
    const [header = '', claims = '', signature = ''] = token?.secret?.split('.') ?? []

    expect(decodePart(header)).toEqual({ alg: 'EdDSA', kid: 'moq-v1' })
    expect(decodePart(claims)).toEqual({
      iss: 'cloudflare',
      aud: 'moq.cloudflare.com',
      sub: resultOf(json, relaySchema).uid,
      jti: token?.jti,
      operations: ['publish', 'subscribe'],
      iat: expect.any(Number),
      exp: expect.any(Number),
    })
    const key = createPublicKey(readFileSync(join(dataDir, 'signing-key.pem')))
    expect(verify(null, Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(true)
  })

  it('makes two relays of one name', async () => {
    const cdn = await startTestCdn('cloudflare')

    expect(await create(cdn, 'same')).not.toBe(await create(cdn, 'same'))
  })

  it.each([
    ['no body', undefined, 400, 21002],
    ['no name', {}, 400, 21002],
    ['an empty name', { name: '' }, 400, 21011],
    ['a name that is a number', { name: 7 }, 400, 21004],
    ['text that is not JSON', '{', 400, 21004],
    ['an array', '[]', 400, 21004],
    ['a configuration', { name: 'a', config: { upstreams: { enabled: false } } }, 400, 21014],
    ['a configuration of another type', { name: 'a', config: [] }, 400, 21014],
    ['a body above 64 KiB', { name: 'x'.repeat(70_000) }, 413, 21001],
  ])('refuses %s', async (_, body, status, code) => {
    const cdn = await startTestCdn('cloudflare')

    const answer = await cdn.call('POST', RELAYS, body)

    expect(answer.status).toBe(status)
    expect(answer.json).toEqual(failureWith(code))
  })

  it('refuses a relay more than the account may have, until one is deleted', async () => {
    const cdn = await startTestCdn('cloudflare', { scopeLimit: 2 })
    const uid = await create(cdn)
    await create(cdn)

    const refused = await cdn.call('POST', RELAYS, { name: 'third' })
    await cdn.call('DELETE', `${RELAYS}/${uid}`)

    expect(refused).toMatchObject({ status: 409, json: failureWith(21008) })
    expect((await cdn.call('POST', RELAYS, { name: 'third' })).status).toBe(201)
  })
})

describe('who may call', () => {
  it.each([
    ['no token', '', 401],
    ['a wrong token', 'Bearer wrong', 403],
  ])('%s is an authentication error', async (_, authorization, status) => {
    const cdn = await startTestCdn('cloudflare')

    const answer = await cdn.call('GET', RELAYS, undefined, { authorization })

    expect(answer).toMatchObject({ status, json: { errors: [{ code: 10000, message: 'Authentication error' }] } })
  })

  it.each([
    ['another account', 'GET', `/accounts/${UNKNOWN_ID}/moq/relays`, 404],
    ['another path', 'GET', '/accounts', 404],
    ['another method on the relays', 'PATCH', RELAYS, 405],
    ['another method on a relay', 'PATCH', `${RELAYS}/${UNKNOWN_ID}`, 405],
    ['another method on a token', 'GET', `${RELAYS}/${UNKNOWN_ID}/tokens/${UNKNOWN_ID}`, 405],
  ])('%s is answered in the envelope: %s %s', async (_, method, path, status) => {
    const cdn = await startTestCdn('cloudflare')

    const answer = await cdn.call(method, path)

    expect(answer).toMatchObject({ status, json: { success: false, result: null } })
  })

  it('answers only below /client/v4', async () => {
    const cdn = await startTestCdn('cloudflare')

    expect(cdn.apiUrl.endsWith('/client/v4')).toBe(true)
    expect((await cdn.call('GET', `/../..${RELAYS}`)).status).toBe(404)
  })
})

describe('a relay', () => {
  it('is told without tokens, and without status while nobody is connected', async () => {
    const cdn = await startTestCdn('cloudflare')
    const uid = await create(cdn, 'a')

    const answer = await cdn.call('GET', `${RELAYS}/${uid}`)

    expect(answer.status).toBe(200)
    expect(answer.json).toEqual({
      success: true,
      errors: [],
      messages: [],
      result: {
        uid,
        name: 'a',
        created: expect.stringMatching(RFC_3339),
        modified: expect.stringMatching(RFC_3339),
        config: { upstreams: { enabled: false, upstreams: [] } },
      },
    })
  })

  const upstreams = { enabled: true, upstreams: [{ url: 'https://a.example/t' }, { url: 'moqt://b.example:4443/t' }] }

  it.each([
    ['keeps everything for an empty object', {}, { name: 'old', config: { upstreams } }],
    ['changes the name alone', { name: 'new' }, { name: 'new', config: { upstreams } }],
    ['keeps sub-objects that are not named', { config: {} }, { name: 'old', config: { upstreams } }],
    [
      'replaces a sub-object whole',
      { config: { upstreams: { enabled: false } } },
      { name: 'old', config: { upstreams: { enabled: false } } },
    ],
    [
      'clears the upstreams',
      { config: { upstreams: { enabled: false, upstreams: [] } } },
      { name: 'old', config: { upstreams: { enabled: false, upstreams: [] } } },
    ],
  ])('%s on PUT', async (_, body, expected) => {
    const cdn = await startTestCdn('cloudflare')
    const uid = await create(cdn, 'old')
    await cdn.call('PUT', `${RELAYS}/${uid}`, { config: { upstreams } })

    const answer = await cdn.call('PUT', `${RELAYS}/${uid}`, body)

    expect(answer).toMatchObject({ status: 200, json: { success: true } })
    const shape = z.object({ name: z.string(), config: z.unknown() })
    expect(resultOf(answer.json, shape)).toEqual(expected)
    expect(resultOf((await cdn.call('GET', `${RELAYS}/${uid}`)).json, shape)).toEqual(expected)
  })

  it.each<readonly [string, unknown, number]>([
    ['no body', undefined, 21002],
    ['text that is not JSON', 'x', 21004],
    ['an empty name', { name: '' }, 21011],
    ['a config of another type', { config: 7 }, 21004],
    ['upstreams that are no list', { config: { upstreams: { upstreams: {} } } }, 21004],
    ['an upstream without a url', { config: { upstreams: { upstreams: [{}] } } }, 21004],
    ...['', 'a.example', '/t', 'http://a.example', 'wss://a.example', 'moqt://', 'moqt:///t', 'https://?x'].map(
      (url) => [`the upstream "${url}"`, { config: { upstreams: { upstreams: [{ url }] } } }, 21013] as const,
    ),
  ])('refuses %s on PUT and stays as it was', async (_, body, code) => {
    const cdn = await startTestCdn('cloudflare')
    const uid = await create(cdn, 'old')
    await cdn.call('PUT', `${RELAYS}/${uid}`, { config: { upstreams } })
    const before = await cdn.call('GET', `${RELAYS}/${uid}`)

    const answer = await cdn.call('PUT', `${RELAYS}/${uid}`, body)

    expect(answer).toMatchObject({ status: 400, json: failureWith(code) })
    expect((await cdn.call('GET', `${RELAYS}/${uid}`)).text).toBe(before.text)
  })

  it('is gone once deleted', async () => {
    const cdn = await startTestCdn('cloudflare')
    const uid = await create(cdn)

    const deleted = await cdn.call('DELETE', `${RELAYS}/${uid}`)

    expect(deleted).toMatchObject({ status: 200, json: { success: true, result: null } })
    expect(await cdn.call('GET', `${RELAYS}/${uid}`)).toMatchObject({ status: 404, json: failureWith(21007) })
    expect(await cdn.call('DELETE', `${RELAYS}/${uid}`)).toMatchObject({ status: 404, json: failureWith(21007) })
    expect((await cdn.call('GET', RELAYS)).json).toMatchObject({ result: [], result_info: { count: 0, total: 0 } })
  })

  it.each([
    ['GET', '', undefined],
    ['PUT', '', {}],
    ['DELETE', '', undefined],
    ['POST', '/tokens', { operations: ['subscribe'] }],
    ['GET', '/tokens', undefined],
    ['DELETE', `/tokens/${UNKNOWN_ID}`, undefined],
  ])('that is unknown is 21007, and an id that is none is 21003: %s %s', async (method, path, body) => {
    const cdn = await startTestCdn('cloudflare')

    const unknown = await cdn.call(method, `${RELAYS}/${UNKNOWN_ID}${path}`, body)
    const noId = await cdn.call(method, `${RELAYS}/not-an-id${path}`, body)

    expect(unknown).toMatchObject({ status: 404, json: failureWith(21007) })
    expect(noId).toMatchObject({ status: 400, json: failureWith(21003) })
  })
})

describe('listing relays', () => {
  async function createdRelays(cdn: TestCdn): Promise<void> {
    for (const name of ['1', '2', '3', '4', '5']) await create(cdn, name)
  }
  async function names(cdn: TestCdn, query: Record<string, string>): Promise<readonly z.infer<typeof relaySchema>[]> {
    const { json } = await cdn.call('GET', `${RELAYS}?${new URLSearchParams(query)}`)
    return resultOf(json, z.array(relaySchema))
  }

  it('shows metadata alone, newest first, and how many match', async () => {
    const cdn = await startTestCdn('cloudflare')
    const first = await create(cdn, '1')
    await create(cdn, '2')

    const { json } = await cdn.call('GET', RELAYS)

    const times = { created: expect.stringMatching(RFC_3339), modified: expect.stringMatching(RFC_3339) }
    expect(json).toEqual({
      success: true,
      errors: [],
      messages: [],
      result: [
        { uid: expect.any(String), name: '2', ...times },
        { uid: first, name: '1', ...times },
      ],
      result_info: { count: 2, total: 2 },
    })
  })

  it.each([
    ['created_before', 'false', ['5', '4', '3', '2', '1']],
    ['created_after', 'true', ['1', '2', '3', '4', '5']],
  ])('pages by %s without gap or repetition, even when the clock stands still', async (bound, asc, expected) => {
    const cdn = await startTestCdn('cloudflare', { now: () => 1_000 })
    await createdRelays(cdn)

    const seen: string[] = []
    let last: string | undefined
    do {
      const page = await names(cdn, { per_page: '2', asc, ...(last !== undefined && { [bound]: last }) })
      seen.push(...page.map(({ name }) => name))
      last = page.at(-1)?.created
    } while (last !== undefined)

    expect(seen).toEqual(expected)
  })

  it('counts in `total` what the bounds let through', async () => {
    const cdn = await startTestCdn('cloudflare')
    await createdRelays(cdn)
    const [, , third] = await names(cdn, {})

    const { json } = await cdn.call('GET', `${RELAYS}?per_page=1&created_before=${third?.created}`)

    expect(json).toMatchObject({ result: [{ name: '2' }], result_info: { count: 1, total: 2 } })
  })

  it('clamps per_page above the maximum', async () => {
    const cdn = await startTestCdn('cloudflare')
    for (let i = 0; i < 55; i += 1) await create(cdn)

    expect(await names(cdn, { per_page: '1000' })).toHaveLength(50)
    expect(await names(cdn, {})).toHaveLength(20)
  })

  it.each(['created_before=yesterday', 'per_page=0', 'per_page=x', 'asc=perhaps'])('refuses ?%s', async (query) => {
    const cdn = await startTestCdn('cloudflare')

    expect(await cdn.call('GET', `${RELAYS}?${query}`)).toMatchObject({ status: 400, json: failureWith(21004) })
  })
})

describe('tokens of a relay', () => {
  it('are minted with their secret and listed without', async () => {
    const cdn = await startTestCdn('cloudflare')
    const path = `${RELAYS}/${await create(cdn)}/tokens`
    const expires = new Date(Date.now() + 60_000).toISOString()

    const minted = await cdn.call('POST', path, { operations: ['subscribe'], label: 'viewer', expires })
    const listed = await cdn.call('GET', path)

    expect(minted.status).toBe(201)
    const [token] = tokensOf(minted.json)
    expect(token).toMatchObject({
      operations: ['subscribe'],
      secret: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/),
    })
    expect(minted.text).toContain(`"label":"viewer"`)
    expect(minted.text).toContain(`"expires":"${expires.replace('Z', '000Z')}"`)
    expect(listed.status).toBe(200)
    expect(tokensOf(listed.json)).toHaveLength(3)
    expect(tokensOf(listed.json)[2]).toEqual({ jti: token?.jti, operations: ['subscribe'] })
    expect(listed.text).not.toContain('secret')
  })

  it.each([
    ['nothing', {}, 21010],
    ['no operations', { operations: [] }, 21010],
    ['an unknown operation', { operations: ['admin'] }, 21010],
    ['operations that are no list', { operations: 'publish' }, 21010],
    ['a time that is none', { operations: ['publish'], expires: 'soon' }, 21004],
    [
      'more than a year',
      { operations: ['publish'], expires: new Date(Date.now() + YEAR_MS + 60_000).toISOString() },
      21012,
    ],
    ['a time that has passed', { operations: ['publish'], expires: '2020-01-01T00:00:00Z' }, 21012],
    ['text that is not JSON', '{', 21004],
    ['no body', undefined, 21002],
  ])('are not minted from %s', async (_, body, code) => {
    const cdn = await startTestCdn('cloudflare')
    const path = `${RELAYS}/${await create(cdn)}/tokens`

    expect(await cdn.call('POST', path, body)).toMatchObject({ status: 400, json: failureWith(code) })
    expect(tokensOf((await cdn.call('GET', path)).json)).toHaveLength(2)
  })

  it('are at most ten', async () => {
    const cdn = await startTestCdn('cloudflare')
    const path = `${RELAYS}/${await create(cdn)}/tokens`
    for (let i = 2; i < 10; i += 1) await cdn.call('POST', path, { operations: ['subscribe'] })

    const eleventh = await cdn.call('POST', path, { operations: ['subscribe'] })
    const [oldest] = tokensOf((await cdn.call('GET', path)).json)
    await cdn.call('DELETE', `${path}/${oldest?.jti}`)

    expect(eleventh).toMatchObject({ status: 409, json: failureWith(21009) })
    expect((await cdn.call('POST', path, { operations: ['subscribe'] })).status).toBe(201)
  })

  it('are revoked without a result; an unknown one is success, an id that is none is not', async () => {
    const cdn = await startTestCdn('cloudflare')
    const path = `${RELAYS}/${await create(cdn)}/tokens`
    const [first, second] = tokensOf((await cdn.call('GET', path)).json)

    const revoked = await cdn.call('DELETE', `${path}/${first?.jti}`)
    const again = await cdn.call('DELETE', `${path}/${first?.jti}`)

    expect(revoked).toMatchObject({ status: 200, json: { success: true } })
    expect(revoked.json).not.toHaveProperty('result')
    expect(again).toMatchObject({ status: 200, json: { success: true } })
    expect(tokensOf((await cdn.call('GET', path)).json).map(({ jti }) => jti)).toEqual([second?.jti])
    expect(await cdn.call('DELETE', `${path}/first`)).toMatchObject({ status: 400, json: failureWith(21003) })
  })
})

function decodePart(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
}
