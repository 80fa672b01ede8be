import { describe, expect, it } from 'vitest'
import { NOTIFICATION_LIMIT } from './fake-advertisements.ts'
import { FrontApi, problemIn } from './front-api.ts'

const ADVERTISEMENT = '/providers/alpha/advertisement'
const NOTIFICATIONS = '/fci/notifications/alpha/right'
const BODY = '[{"capabilities":[]}]'

describe('GET /providers/{id}/advertisement', () => {
  it('shows the model as wire JSON, with its ages and what is held back', async () => {
    const answer = await new FrontApi().send('GET', ADVERTISEMENT, { key: 'mqb_reader' })
    expect(answer.json).toMatchObject({
      provider: 'alpha',
      profile: 'svta',
      version: 'abc',
      age_seconds: 12,
      stale_after_seconds: 600,
      following: 'on',
      unresolved: [{ why: 'unknown' }],
      footprint_error: expect.stringContaining('503'),
      held_back: { version: 'def', lost_share: 0.75, accepted_at: '2026-11-21T00:15:00.000Z' },
      advertisement: { capabilities: [{ 'capability-type': 'FCI.DeliveryProtocol' }] },
    })
    expect(answer.json).not.toHaveProperty('expire_after_seconds')
  })

  it('answers 404 for a provider without one, and for an unknown one', async () => {
    const api = new FrontApi()
    expect(problemIn(await api.send('GET', '/providers/beta/advertisement'))).toMatchObject({ status: 404 })
    expect(problemIn(await api.send('GET', '/providers/gamma/advertisement'))).toMatchObject({ status: 404 })
  })
})

describe('GET /providers/{id}/advertisement/history', () => {
  it('lists what changed', async () => {
    const answer = await new FrontApi().send('GET', `${ADVERTISEMENT}/history`, { key: 'mqb_reader' })
    expect(answer.json['changes']).toEqual([
      expect.objectContaining({ kind: 'held_back', previous_version: 'abc', via: 'poll', lost_share: 0.75 }),
    ])
  })
})

describe('POST /providers/{id}/advertisement/confirm', () => {
  it('confirms the version that is named, for the caller', async () => {
    const api = new FrontApi()
    const answer = await api.send('POST', `${ADVERTISEMENT}/confirm`, { json: { version: 'def' } })
    expect(answer.status).toBe(200)
    expect(api.advertisements.confirmed).toEqual([{ provider: 'alpha', version: 'def', by: 'operator-id' }])
  })

  it('needs no body', async () => {
    const api = new FrontApi()
    expect((await api.send('POST', `${ADVERTISEMENT}/confirm`)).status).toBe(200)
    expect(api.advertisements.confirmed).toEqual([{ provider: 'alpha', version: undefined, by: 'operator-id' }])
  })

  it('answers 409 when nothing is held back, and 403 to a reader', async () => {
    const api = new FrontApi()
    expect(problemIn(await api.send('POST', '/providers/beta/advertisement/confirm'))).toMatchObject({ status: 409 })
    expect((await api.send('POST', `${ADVERTISEMENT}/confirm`, { key: 'mqb_reader' })).status).toBe(403)
    expect(api.advertisements.confirmed).toEqual([])
  })
})

describe('PUT /fci/notifications/{id}/{secret}', () => {
  const put = (api: FrontApi, path: string, type: string, body = BODY) =>
    api.send('PUT', path, { key: null, body, headers: { 'content-type': type } })

  it.each(['application/cdni', 'application/cdni; ptype=FCI.Advertisement', 'application/json'])(
    'takes %s without a key',
    async (type) => {
      const api = new FrontApi()
      expect((await put(api, NOTIFICATIONS, type)).status).toBe(204)
      expect(api.advertisements.received).toEqual([BODY])
    },
  )

  it.each(['/fci/notifications/alpha/wrong', '/fci/notifications/beta/right', '/fci/notifications/gamma/right'])(
    'answers 404 under %s',
    async (path) => {
      const api = new FrontApi()
      expect((await put(api, path, 'application/cdni')).status).toBe(404)
      expect(api.advertisements.received).toEqual([])
    },
  )

  it.each(['text/plain', 'application/cdni; ptype=MI.HostIndex'])('refuses %s with 415', async (type) => {
    expect((await put(new FrontApi(), NOTIFICATIONS, type)).status).toBe(415)
  })

  it('refuses a body that is too large with 413 and one that is not UTF-8 with 400', async () => {
    const api = new FrontApi()
    expect((await put(api, NOTIFICATIONS, 'application/cdni', 'x'.repeat(NOTIFICATION_LIMIT + 1))).status).toBe(413)
    const body = new Uint8Array([0x5b, 0xff, 0x5d])
    const answer = await api.send('PUT', NOTIFICATIONS, {
      key: null,
      body,
      headers: { 'content-type': 'application/cdni' },
    })
    expect(answer.status).toBe(400)
    expect(api.advertisements.received).toEqual([])
  })

  it('leaves the secret out of the log', async () => {
    const api = new FrontApi()
    await put(api, NOTIFICATIONS, 'application/cdni')
    await put(api, NOTIFICATIONS, 'text/plain')
    expect(JSON.stringify(api.logged)).toContain('/fci/notifications/:id/:secret')
    expect(JSON.stringify([api.logged, api.observed])).not.toContain('/right')
  })
})
