import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { startTestCdn, type TestCdn } from '../support/lab-cdn.ts'

const ORIGIN = 'moqt://origin.example.com/subscribe-token'
const withFallback = (url: string) => ({ config: { origin_fallback: { url } } })

const createdSchema = z.object({ scope_id: z.string(), token: z.string(), subscribe_token: z.string() })
const pageSchema = z.object({
  scopes: z.array(z.object({ scope_id: z.string(), label: z.string().optional() })),
  next_cursor: z.string().optional(),
})
const mintedSchema = z.object({ token_id: z.string(), token: z.string() })

async function create(cdn: TestCdn, body: unknown = {}): Promise<z.infer<typeof createdSchema>> {
  return createdSchema.parse((await cdn.call('POST', '/moq/scopes', body)).json)
}

describe('creating', () => {
  it('answers as the draft does, and with a subscribe token and the label', async () => {
    const cdn = await startTestCdn('extended')

    const answer = await cdn.call('POST', '/moq/scopes', { label: 'run-1.a', ...withFallback(ORIGIN) })

    expect(answer.status).toBe(201)
    expect(answer.headers.get('content-type')).toBe('application/json')
    const { scope_id, token, subscribe_token } = createdSchema.parse(answer.json)
    expect(answer.json).toEqual({
      scope_id,
      url: cdn.relayUrl,
      token,
      subscribe_token,
      label: 'run-1.a',
      ...withFallback(ORIGIN),
    })
    expect(token).not.toBe(subscribe_token)
  })

  it('answers the same key and body with the same scope and tokens', async () => {
    const cdn = await startTestCdn('extended')
    const key = { 'idempotency-key': '"attempt-1"' }

    const first = await cdn.call('POST', '/moq/scopes', { label: 'a', config: {} }, key)
    const again = await cdn.call('POST', '/moq/scopes', '{ "config": {},\n "label": "a" }', key)

    expect(again.status).toBe(201)
    expect(again.text).toBe(first.text)
    const page = pageSchema.parse((await cdn.call('GET', '/moq/scopes')).json)
    expect(page.scopes).toHaveLength(1)
  })

  it('refuses the same key with another body', async () => {
    const cdn = await startTestCdn('extended')
    const key = { 'idempotency-key': 'attempt-1' }
    await cdn.call('POST', '/moq/scopes', { label: 'a' }, key)

    const other = await cdn.call('POST', '/moq/scopes', { label: 'b' }, key)

    expect(other.status).toBe(422)
    expect(other.headers.get('content-type')).toBe('application/problem+json')
  })

  it('creates anew under a key whose scope has been deleted', async () => {
    const cdn = await startTestCdn('extended')
    const key = { 'idempotency-key': 'attempt-1' }
    const first = createdSchema.parse((await cdn.call('POST', '/moq/scopes', {}, key)).json)
    await cdn.call('DELETE', `/moq/scopes/${first.scope_id}`)

    const second = createdSchema.parse((await cdn.call('POST', '/moq/scopes', {}, key)).json)

    expect(second.scope_id).not.toBe(first.scope_id)
  })

  it('makes one scope of many requests with one key at once', async () => {
    const cdn = await startTestCdn('extended')
    const key = { 'idempotency-key': 'attempt-1' }

    const answers = await Promise.all(Array.from({ length: 20 }, () => cdn.call('POST', '/moq/scopes', {}, key)))

    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  })

  it('refuses an empty label', async () => {
    const cdn = await startTestCdn('extended')

    expect(await cdn.call('POST', '/moq/scopes', { label: '' })).toMatchObject({
      status: 400,
      json: { errors: [{ pointer: '#/label' }] },
    })
  })
})

describe('listing', () => {
  it.each([1, 2, 3, 7, 200])('shows every scope once and in order of creation with %i a page', async (limit) => {
    const cdn = await startTestCdn('extended', { now: () => 1_000 })
    const labels = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    for (const label of labels) await create(cdn, { label })

    const seen: (string | undefined)[] = []
    let cursor: string | undefined
    do {
      const query = new URLSearchParams({ limit: String(limit), ...(cursor !== undefined && { cursor }) })
      const page = pageSchema.parse((await cdn.call('GET', `/moq/scopes?${query}`)).json)
      expect(page.scopes.length).toBeLessThanOrEqual(limit)
      seen.push(...page.scopes.map(({ label }) => label))
      cursor = page.next_cursor
    } while (cursor !== undefined)

    expect(seen).toEqual(labels)
  })

  it('goes on behind a scope that was deleted between two pages', async () => {
    const cdn = await startTestCdn('extended')
    const first = await create(cdn, { label: 'a' })
    await create(cdn, { label: 'b' })
    const page = pageSchema.parse((await cdn.call('GET', '/moq/scopes?limit=1')).json)

    await cdn.call('DELETE', `/moq/scopes/${first.scope_id}`)
    const rest = await cdn.call('GET', `/moq/scopes?cursor=${page.next_cursor}`)

    expect(pageSchema.parse(rest.json).scopes.map(({ label }) => label)).toEqual(['b'])
  })

  it('shows label, url and configuration, and no token', async () => {
    const cdn = await startTestCdn('extended')
    const { scope_id } = await create(cdn, { label: 'a', ...withFallback(ORIGIN) })

    expect((await cdn.call('GET', '/moq/scopes')).json).toEqual({
      scopes: [{ scope_id, url: cdn.relayUrl, label: 'a', ...withFallback(ORIGIN) }],
    })
  })

  it.each(['limit=0', 'limit=x', 'limit=1.5', 'cursor=x', 'cursor='])('refuses ?%s', async (query) => {
    const cdn = await startTestCdn('extended')

    expect((await cdn.call('GET', `/moq/scopes?${query}`)).status).toBe(400)
  })
})

describe('one scope', () => {
  it('is told without its tokens', async () => {
    const cdn = await startTestCdn('extended')
    const { scope_id } = await create(cdn)

    const answer = await cdn.call('GET', `/moq/scopes/${scope_id}`)

    expect(answer.status).toBe(200)
    expect(answer.json).toEqual({ scope_id, url: cdn.relayUrl, config: {} })
  })

  it.each([
    [
      'sets the fallback',
      { config: { origin_fallback: { url: 'https://b.example/t' } } },
      withFallback('https://b.example/t'),
    ],
    ['clears the fallback with null', { config: { origin_fallback: null } }, { config: {} }],
    ['leaves the fallback alone when config is absent', {}, withFallback(ORIGIN)],
    ['leaves the fallback alone when it is not named', { config: {} }, withFallback(ORIGIN)],
  ])('%s by PATCH', async (_, patch, expected) => {
    const cdn = await startTestCdn('extended')
    const { scope_id } = await create(cdn, withFallback(ORIGIN))

    const answer = await cdn.call('PATCH', `/moq/scopes/${scope_id}`, patch, {
      'content-type': 'application/merge-patch+json',
    })

    expect(answer.status).toBe(200)
    expect(answer.json).toEqual({ scope_id, url: cdn.relayUrl, ...expected })
    expect((await cdn.call('GET', `/moq/scopes/${scope_id}`)).json).toEqual(answer.json)
  })

  it.each([{ config: null }, { config: { origin_fallback: 'moqt://a' } }, withFallback('http://a.example')])(
    'refuses the PATCH %j and stays as it was',
    async (patch) => {
      const cdn = await startTestCdn('extended')
      const { scope_id } = await create(cdn, withFallback(ORIGIN))

      expect((await cdn.call('PATCH', `/moq/scopes/${scope_id}`, patch)).status).toBe(400)
      expect((await cdn.call('GET', `/moq/scopes/${scope_id}`)).json).toMatchObject(withFallback(ORIGIN))
    },
  )

  it('is gone once deleted', async () => {
    const cdn = await startTestCdn('extended')
    const { scope_id } = await create(cdn)

    const deleted = await cdn.call('DELETE', `/moq/scopes/${scope_id}`)

    expect(deleted).toMatchObject({ status: 204, text: '' })
    expect((await cdn.call('GET', `/moq/scopes/${scope_id}`)).status).toBe(404)
    expect((await cdn.call('DELETE', `/moq/scopes/${scope_id}`)).status).toBe(404)
    expect((await cdn.call('GET', '/moq/scopes')).json).toEqual({ scopes: [] })
  })

  it.each([
    ['GET', '', undefined],
    ['PATCH', '', {}],
    ['DELETE', '', undefined],
    ['POST', '/tokens', { operations: ['subscribe'] }],
    ['DELETE', '/tokens/x', undefined],
  ])('that does not exist is answered with a 404 problem: %s %s', async (method, path, body) => {
    const cdn = await startTestCdn('extended')

    const answer = await cdn.call(method, `/moq/scopes/none${path}`, body)

    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })

  it.each([
    ['PUT', '/moq/scopes', 'GET, POST'],
    ['POST', '/moq/scopes/x', 'GET, PATCH, DELETE'],
    ['GET', '/moq/scopes/x/tokens', 'POST'],
    ['GET', '/moq/scopes/x/tokens/y', 'DELETE'],
  ])('answers %s %s with 405 and what is allowed', async (method, path, allow) => {
    const cdn = await startTestCdn('extended')

    const answer = await cdn.call(method, path)

    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe(allow)
  })

  it('wants the API token for everything', async () => {
    const cdn = await startTestCdn('extended')
    const { scope_id } = await create(cdn)

    const answer = await cdn.call('DELETE', `/moq/scopes/${scope_id}`, undefined, { authorization: 'Bearer no' })

    expect(answer.status).toBe(401)
    expect((await cdn.call('GET', `/moq/scopes/${scope_id}`)).status).toBe(200)
  })
})

describe('tokens', () => {
  it.each([[['subscribe']], [['publish']], [['publish', 'subscribe']]])(
    'are minted with rights %j',
    async (operations) => {
      const cdn = await startTestCdn('extended')
      const { scope_id } = await create(cdn)

      const answer = await cdn.call('POST', `/moq/scopes/${scope_id}/tokens`, { operations })

      expect(answer.status).toBe(201)
      expect(answer.json).toEqual({ token_id: expect.any(String), token: expect.any(String), operations })
    },
  )

  it.each([undefined, {}, { operations: [] }, { operations: ['admin'] }, { operations: ['publish', 'publish'] }])(
    'are not minted from %j',
    async (body) => {
      const cdn = await startTestCdn('extended')
      const { scope_id } = await create(cdn)

      expect((await cdn.call('POST', `/moq/scopes/${scope_id}/tokens`, body)).status).toBe(400)
    },
  )

  it('are revoked once, and then are not there any more', async () => {
    const cdn = await startTestCdn('extended')
    const { scope_id } = await create(cdn)
    const minted = await cdn.call('POST', `/moq/scopes/${scope_id}/tokens`, { operations: ['subscribe'] })
    const path = `/moq/scopes/${scope_id}/tokens/${mintedSchema.parse(minted.json).token_id}`

    expect((await cdn.call('DELETE', path)).status).toBe(204)
    expect((await cdn.call('DELETE', path)).status).toBe(404)
  })
})
