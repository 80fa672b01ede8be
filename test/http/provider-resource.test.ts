import { describe, expect, it } from 'vitest'
import { FrontApi, problemIn } from './front-api.ts'

const STATE = '/providers/alpha/state'

describe('GET /providers', () => {
  it('gives capabilities, health, breaker and advertisement in snake case and RFC 3339', async () => {
    const answer = await new FrontApi().send('GET', '/providers/alpha', { key: 'mqb_reader' })
    expect(answer.json).toMatchObject({
      provider: 'alpha',
      capabilities: {
        config_at_create: false,
        credentials_at_create: [['publish', 'subscribe'], ['subscribe']],
        credential_limit: 10,
      },
      administrative: { state: 'enabled' },
      health: { state: 'up', since: '2026-11-21T00:00:00.000Z' },
      breaker: { state: 'half_open', last_error: { kind: 'timeout', at: '2026-11-21T00:00:00.000Z' } },
      advertisement: { version: 'abc', age_seconds: 12, diagnostics: [{ code: 'unknown-type' }] },
      advertisement_error: 'the last fetch timed out',
    })
  })

  it('lists all', async () => {
    const answer = await new FrontApi().send('GET', '/providers')
    expect(answer.json['providers']).toEqual([
      expect.objectContaining({ provider: 'alpha' }),
      expect.objectContaining({ provider: 'beta' }),
    ])
  })

  it('answers 404 for one that is not configured', async () => {
    expect((await new FrontApi().send('GET', '/providers/gamma')).status).toBe(404)
  })
})

describe('PUT /providers/{id}/state', () => {
  it('drains with a reason until a time', async () => {
    const api = new FrontApi()
    const json = { state: 'drained', reason: 'maintenance', expires_at: '2026-11-21T01:00:00+00:30' }
    const answer = await api.send('PUT', STATE, { json })
    expect(answer.json['administrative']).toEqual({
      state: 'drained',
      reason: 'maintenance',
      by: 'operator-id',
      since: '2026-11-21T00:00:00.000Z',
      expires_at: '2026-11-21T00:30:00.000Z',
    })
  })

  it('counts expires_in_seconds from now', async () => {
    const answer = await new FrontApi().send('PUT', STATE, {
      json: { state: 'disabled', reason: 'why', expires_in_seconds: 90 },
    })
    expect(answer.json['administrative']).toMatchObject({ expires_at: '2026-11-21T00:01:30.000Z' })
  })

  it('enables without a reason', async () => {
    const answer = await new FrontApi().send('PUT', STATE, { json: { state: 'enabled' } })
    expect(answer.json['administrative']).toMatchObject({ state: 'enabled', by: 'operator-id' })
  })

  it.each([
    ['/reason', { state: 'drained' }],
    ['/state', { state: 'gone', reason: 'why' }],
    ['/state', { reason: 'why' }],
    ['/expires_at', { state: 'enabled', expires_at: '2027-01-01T00:00:00Z' }],
    ['/expires_in_seconds', { state: 'enabled', expires_in_seconds: 5 }],
    [
      '/expires_in_seconds',
      { state: 'drained', reason: 'why', expires_in_seconds: 5, expires_at: '2027-01-01T00:00:00Z' },
    ],
    ['/expires_in_seconds', { state: 'drained', reason: 'why', expires_in_seconds: 0 }],
    ['/expires_at', { state: 'drained', reason: 'why', expires_at: 'tomorrow' }],
    ['/expires_at', { state: 'drained', reason: 'why', expires_at: '2026-11-20T23:59:59Z' }],
    ['/until', { state: 'drained', reason: 'why', until: 1 }],
  ])('refuses with 400 and the pointer %s: %j', async (pointer, json) => {
    const api = new FrontApi()
    expect(problemIn(await api.send('PUT', STATE, { json }))).toEqual({
      status: 400,
      kind: 'invalid-request',
      places: [pointer],
    })
    expect(api.providers.views.get('alpha')?.administrative.state).toBe('enabled')
  })

  it('answers 404 for a provider that is not configured', async () => {
    const answer = await new FrontApi().send('PUT', '/providers/gamma/state', { json: { state: 'enabled' } })
    expect(problemIn(answer)).toMatchObject({ status: 404, kind: 'not-found' })
  })
})
