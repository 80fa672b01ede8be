import { describe, expect, it } from 'vitest'
import { createRelay, failureWith, RELAYS, tokensOf } from '../support/cloudflare-answers.ts'
import { startTestCdn } from '../support/lab-cdn.ts'

const YEAR_MS = 365 * 24 * 60 * 60 * 1000

describe('tokens of a relay', () => {
  it('are minted with their secret and listed without', async () => {
    const cdn = await startTestCdn('cloudflare')
    const path = `${RELAYS}/${await createRelay(cdn)}/tokens`
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
    const path = `${RELAYS}/${await createRelay(cdn)}/tokens`

    expect(await cdn.call('POST', path, body)).toMatchObject({ status: 400, json: failureWith(code) })
    expect(tokensOf((await cdn.call('GET', path)).json)).toHaveLength(2)
  })

  it('are at most ten', async () => {
    const cdn = await startTestCdn('cloudflare')
    const path = `${RELAYS}/${await createRelay(cdn)}/tokens`
    for (let i = 2; i < 10; i += 1) await cdn.call('POST', path, { operations: ['subscribe'] })

    const eleventh = await cdn.call('POST', path, { operations: ['subscribe'] })
    const [oldest] = tokensOf((await cdn.call('GET', path)).json)
    await cdn.call('DELETE', `${path}/${oldest?.jti}`)

    expect(eleventh).toMatchObject({ status: 409, json: failureWith(21009) })
    expect((await cdn.call('POST', path, { operations: ['subscribe'] })).status).toBe(201)
  })

  it('are revoked without a result; an unknown one is success, an id that is none is not', async () => {
    const cdn = await startTestCdn('cloudflare')
    const path = `${RELAYS}/${await createRelay(cdn)}/tokens`
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
