import { describe, expect, it } from 'vitest'
import { FrontApi, problemIn } from './front-api.ts'

describe('drills', () => {
  it('are started, polled and aborted', async () => {
    const api = new FrontApi()
    const json = {
      provider: 'alpha',
      method: 'fault',
      scope: 's',
      hold_ms: 0,
      budget_ms: 900,
      hypothesis: 'nobody notices',
    }
    const started = await api.send('POST', '/drills', { json })
    expect([started.status, started.headers.get('location')]).toEqual([202, '/drills/drill-0'])
    expect((await api.send('GET', '/drills/drill-0')).json).toMatchObject({
      drill_id: 'drill-0',
      provider: 'alpha',
      method: 'fault',
      scope: 's',
      state: 'running',
      requested_by: 'operator-id',
      measured: { detect_ms: 12.5, longest_gap_ms: 40.25 },
      timeline: [{ at: '2026-11-21T00:00:00.000Z', event: 'started' }],
    })
    const aborted = await api.send('POST', '/drills/drill-0/abort', { json: { reason: 'enough' } })
    expect(aborted.json).toMatchObject({
      state: 'ended',
      verdict: 'interrupted',
      because: 'enough',
      ended_at: '2026-11-21T00:00:01.000Z',
    })
  })

  it('answer 409 while another runs, with the time to come back', async () => {
    const api = new FrontApi()
    const json = { provider: 'alpha', method: 'drain' }
    await api.send('POST', '/drills', { json })
    const answer = await api.send('POST', '/drills', { json })
    expect(problemIn(answer)).toMatchObject({ status: 409, kind: 'operation-in-progress' })
    expect(answer.headers.get('retry-after')).toBe('7')
  })

  it('answer 409 to an abort of one that has ended, and 404 to one that never was', async () => {
    const api = new FrontApi()
    await api.send('POST', '/drills', { json: { provider: 'alpha', method: 'drain' } })
    const abort = (id: string) => api.send('POST', `/drills/${id}/abort`, { json: { reason: 'why' } })
    await abort('drill-0')
    expect(problemIn(await abort('drill-0'))).toMatchObject({ status: 409, kind: 'invalid-state' })
    expect((await abort('none')).status).toBe(404)
    expect((await api.send('GET', '/drills/none')).status).toBe(404)
  })

  it('are listed newest first, by pages', async () => {
    const api = new FrontApi()
    for (const provider of ['alpha', 'beta', 'gamma']) {
      const report = await api.drills.start({ provider, method: 'drain' }, 'x')
      await api.drills.abort(report.id, 'next')
    }
    const first = await api.send('GET', '/drills?limit=2')
    expect(first.json['drills']).toMatchObject([{ provider: 'gamma' }, { provider: 'beta' }])
    const link = /^<(.*)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    const second = await api.send('GET', link)
    expect(second.json['drills']).toMatchObject([{ provider: 'alpha' }])
    expect(second.json).not.toHaveProperty('next_cursor')
  })

  it.each([
    ['/provider', { method: 'drain' }],
    ['/method', { provider: 'alpha', method: 'bomb' }],
    ['/hold_ms', { provider: 'alpha', method: 'drain', hold_ms: -1 }],
    ['/hold_ms', { provider: 'alpha', method: 'drain', hold_ms: 3_600_001 }],
    ['/budget_ms', { provider: 'alpha', method: 'drain', budget_ms: 0.5 }],
    ['/holdMs', { provider: 'alpha', method: 'drain', holdMs: 5 }],
    ['/hypothesis', { provider: 'alpha', method: 'drain', hypothesis: '\u0007' }],
  ])('are refused with 400 and the pointer %s: %j', async (pointer, json) => {
    const api = new FrontApi()
    expect(problemIn(await api.send('POST', '/drills', { json }))).toEqual({
      status: 400,
      kind: 'invalid-request',
      places: [pointer],
    })
    expect(api.drills.reports.size).toBe(0)
  })
})
