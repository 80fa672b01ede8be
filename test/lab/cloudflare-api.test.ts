import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  collectionSchema,
  createRelay,
  failureWith,
  RELAYS,
  RFC_3339,
  relaySchema,
  resultOf,
  tokensOf,
} from '../support/cloudflare-answers.ts'
import { startTestCdn, temporaryFolder } from '../support/lab-cdn.ts'

const UNKNOWN_ID = '0123456789abcdef0123456789abcdef'

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

    expect(await createRelay(cdn, 'same')).not.toBe(await createRelay(cdn, 'same'))
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
    const uid = await createRelay(cdn)
    await createRelay(cdn)

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
    const uid = await createRelay(cdn, 'a')

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
    const uid = await createRelay(cdn, 'old')
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
    const uid = await createRelay(cdn, 'old')
    await cdn.call('PUT', `${RELAYS}/${uid}`, { config: { upstreams } })
    const before = await cdn.call('GET', `${RELAYS}/${uid}`)

    const answer = await cdn.call('PUT', `${RELAYS}/${uid}`, body)

    expect(answer).toMatchObject({ status: 400, json: failureWith(code) })
    expect((await cdn.call('GET', `${RELAYS}/${uid}`)).text).toBe(before.text)
  })

  it('is gone once deleted', async () => {
    const cdn = await startTestCdn('cloudflare')
    const uid = await createRelay(cdn)

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

function decodePart(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
}
