import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Fault, LabKind } from '../../src/lab/lab-config.ts'
import { ACCOUNT_ID, type Answer, callApi, startTestCdn, type TestCdn } from '../support/lab-cdn.ts'

const KINDS: readonly LabKind[] = ['draft', 'extended', 'cloudflare']

function createScope(cdn: TestCdn, kind: LabKind): Promise<Answer> {
  return kind === 'cloudflare'
    ? cdn.call('POST', `/accounts/${ACCOUNT_ID}/moq/relays`, { name: 'a' })
    : cdn.call('POST', '/moq/scopes', {})
}

async function turn(cdn: TestCdn, fault: Fault): Promise<Answer> {
  return callApi(`${cdn.adminUrl}/fault`, 'PUT', fault)
}

const stateSchema = z.object({
  scopeCount: z.number(),
  calls: z.record(z.string(), z.number()),
  maxConcurrent: z.number(),
})

async function stateOf(cdn: TestCdn): Promise<z.infer<typeof stateSchema>> {
  return stateSchema.parse((await callApi(`${cdn.adminUrl}/state`, 'GET')).json)
}

/** The code under an error that `fetch` throws. */
async function failureOf(answer: Promise<Answer>): Promise<unknown> {
  try {
    return `answered ${(await answer).status}`
  } catch (error) {
    return error instanceof Error ? z.looseObject({ code: z.string() }).parse(error.cause).code : error
  }
}

describe.each(KINDS)('the %s CDN with a fault', (kind) => {
  it('works as ever without one, and again when it is cleared', async () => {
    const cdn = await startTestCdn(kind)
    await turn(cdn, { status: 503 })
    expect((await createScope(cdn, kind)).status).toBe(503)

    const cleared = await callApi(`${cdn.adminUrl}/fault`, 'DELETE')

    expect(cleared.status).toBe(204)
    expect((await createScope(cdn, kind)).status).toBe(201)
  })

  it.each([400, 401, 403, 404, 409, 429, 500, 503])(
    'answers status %i in its own error shape, without effect',
    async (status) => {
      const cdn = await startTestCdn(kind)
      await turn(cdn, { status })

      const answer = await createScope(cdn, kind)

      expect(answer.status).toBe(status)
      expect(answer.headers.get('retry-after')).toBeNull()
      expect(answer.json).toMatchObject(
        kind === 'cloudflare' ? { success: false, errors: [{ code: expect.any(Number) }], result: null } : { status },
      )
      expect((await stateOf(cdn)).scopeCount).toBe(0)
    },
  )

  it('throttles with Retry-After', async () => {
    const cdn = await startTestCdn(kind)
    await turn(cdn, { status: 429, retryAfterSeconds: 7 })

    const answer = await createScope(cdn, kind)

    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).toBe('7')
  })

  it('delays answers without making them wait for each other', async () => {
    const cdn = await startTestCdn(kind)
    await turn(cdn, { latencyMs: 400 })

    const started = performance.now()
    const answers = await Promise.all(Array.from({ length: 10 }, () => createScope(cdn, kind)))
    const elapsedMs = performance.now() - started

    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201))
    expect(elapsedMs).toBeGreaterThanOrEqual(399)
    expect(elapsedMs).toBeLessThan(3_900)
    expect((await stateOf(cdn)).maxConcurrent).toBe(10)
  })

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('resets the connection %s the effect', async (reset, scopeCount) => {
    const cdn = await startTestCdn(kind)
    await turn(cdn, { reset })

    expect(await failureOf(createScope(cdn, kind))).toMatch(/ECONNRESET|UND_ERR_SOCKET/)
    expect((await stateOf(cdn)).scopeCount).toBe(scopeCount)
  })

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('never answers when it stalls %s the effect', async (stall, scopeCount) => {
    const cdn = await startTestCdn(kind)
    await turn(cdn, { stall, times: 1 })
    let answered = false

    void createScope(cdn, kind).then(
      () => {
        answered = true
      },
      () => undefined,
    )
    const later = await whenDialIsUsedUp(cdn).then(() => createScope(cdn, kind))

    expect(later.status).toBe(201)
    expect(answered).toBe(false)
    expect((await stateOf(cdn)).scopeCount).toBe(scopeCount + 1)
  })

  it.each([
    ['text', (answer: Answer) => expect(answer.json).toBeUndefined()],
    ['shape', (answer: Answer) => expect(JSON.stringify(answer.json)).not.toMatch(/scope_id|uid|token|secret/)],
    ['huge', (answer: Answer) => expect(answer.text.length).toBeGreaterThan(5_000_000)],
  ] as const)('takes effect and lies about it with %s', async (garbage, expectLie) => {
    const cdn = await startTestCdn(kind)
    await turn(cdn, { garbage })

    const answer = await createScope(cdn, kind)

    expect(answer.status).toBe(201)
    expectLie(answer)
    expect((await stateOf(cdn)).scopeCount).toBe(1)
  })
})

/** Resolves when the last of a fault's `times` has been taken. */
async function whenDialIsUsedUp(cdn: TestCdn): Promise<void> {
  const { text } = await callApi(`${cdn.adminUrl}/fault`, 'GET')
  if (text !== '{}') await whenDialIsUsedUp(cdn)
}

describe('the fault dial', () => {
  it('applies to so many requests and then clears itself', async () => {
    const cdn = await startTestCdn('draft')
    await turn(cdn, { status: 500, times: 2 })

    const statuses: number[] = []
    for (let i = 0; i < 3; i += 1) statuses.push((await createScope(cdn, 'draft')).status)

    expect(statuses).toEqual([500, 500, 201])
    expect((await callApi(`${cdn.adminUrl}/fault`, 'GET')).json).toEqual({})
  })

  it('tells what is set', async () => {
    const cdn = await startTestCdn('draft')

    expect((await turn(cdn, { status: 500, times: 2 })).json).toEqual({ status: 500, times: 2 })
    expect((await callApi(`${cdn.adminUrl}/fault`, 'GET')).json).toEqual({ status: 500, times: 2 })
  })

  it.each([
    [{ method: 'POST' }, [500, 200]],
    [{ method: 'post' }, [500, 200]],
    [{ method: 'GET' }, [201, 500]],
    [{ path: '/moq/scopes' }, [500, 500]],
    [{ path: '/moq/scopes/' }, [201, 200]],
    [{ method: 'GET', path: '/moq' }, [201, 500]],
  ])('meets only requests that match %j', async (match, [create, list]) => {
    const cdn = await startTestCdn('extended')
    await turn(cdn, { status: 500, match, times: 2 })

    expect((await createScope(cdn, 'extended')).status).toBe(create)
    expect((await cdn.call('GET', '/moq/scopes')).status).toBe(list)
  })

  it('counts as `times` only what it met', async () => {
    const cdn = await startTestCdn('extended')
    await turn(cdn, { status: 500, match: { method: 'POST' }, times: 1 })

    expect((await cdn.call('GET', '/moq/scopes')).status).toBe(200)
    expect((await createScope(cdn, 'extended')).status).toBe(500)
    expect((await createScope(cdn, 'extended')).status).toBe(201)
  })

  it('can turn on the FCI endpoint and leave the API alone', async () => {
    const cdn = await startTestCdn('draft')
    await turn(cdn, { target: 'fci', status: 502 })

    expect((await callApi(cdn.fciUrl, 'GET')).status).toBe(502)
    expect((await createScope(cdn, 'draft')).status).toBe(201)
  })

  it('makes the FCI endpoint lie', async () => {
    const cdn = await startTestCdn('draft')
    await turn(cdn, { target: 'fci', garbage: 'shape' })

    expect(await callApi(cdn.fciUrl, 'GET')).toMatchObject({ status: 200, json: { capabilities: 'all of them' } })
  })

  it.each([
    { colour: 'red' },
    { status: 200 },
    { status: '500' },
    { latencyMs: -1 },
    { times: 0 },
    { garbage: 'much' },
    { match: { host: 'x' } },
    { relayDown: true, times: 1 },
    [],
  ])('refuses %j and keeps what was set', async (body) => {
    const cdn = await startTestCdn('draft')
    await turn(cdn, { status: 500 })

    expect((await callApi(`${cdn.adminUrl}/fault`, 'PUT', body)).status).toBe(400)
    expect((await callApi(`${cdn.adminUrl}/fault`, 'GET')).json).toEqual({ status: 500 })
  })

  it('can be turned in the same process', async () => {
    const cdn = await startTestCdn('draft')

    await cdn.setFault({ status: 500 })
    expect((await createScope(cdn, 'draft')).status).toBe(500)
    await cdn.setFault(undefined)
    expect((await createScope(cdn, 'draft')).status).toBe(201)
  })

  it('takes the relay down and brings it back on its port, while the API stays', async () => {
    const cdn = await startTestCdn('draft')
    expect(await canConnect(cdn.relayUrl)).toBe(true)

    await turn(cdn, { relayDown: true })
    expect(await canConnect(cdn.relayUrl)).toBe(false)
    expect((await createScope(cdn, 'draft')).status).toBe(201)

    await callApi(`${cdn.adminUrl}/fault`, 'DELETE')
    expect(await canConnect(cdn.relayUrl)).toBe(true)
  })

  it('clears itself when nobody sets it anew in time, and not before', async () => {
    const cdn = await startTestCdn('draft')
    await turn(cdn, { relayDown: true, expiresInMs: 60_000 })
    await turn(cdn, { relayDown: true, expiresInMs: 150 })
    expect(await canConnect(cdn.relayUrl)).toBe(false)
    await expect.poll(() => canConnect(cdn.relayUrl), { timeout: 15_000 }).toBe(true)
    expect((await callApi(`${cdn.adminUrl}/fault`, 'GET')).text).not.toContain('relayDown')
  })
})

function canConnect(relayUrl: string): Promise<boolean> {
  const { hostname, port } = new URL(relayUrl)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
