import { expect, test } from 'vitest'
import { FrontApi, problemIn } from './front-api.ts'

test('samples and usage are taken one by one, and what cannot be used is named', async () => {
  const api = new FrontApi()
  const samples = [
    { client: '192.0.2.0/24', provider: 'alpha', rtt_ms: 31.5, error: false, age_seconds: 4 },
    { client: '192.0.2.7', provider: 'nobody', rebuffer_share: 0.02 },
  ]
  const usage = [{ provider: 'alpha', limit_type: 'egress', telemetry_source: { id: 's', metric: 'm' }, value: 5e9 }]
  const answer = await api.send('POST', '/measurements', { json: { samples, usage } })
  expect(answer.json).toEqual({
    accepted: 2,
    refused: [{ list: 'samples', index: 1, detail: 'there is no such provider' }],
  })
  expect(api.measurements.samples[0]).toEqual({
    client: '192.0.2.0/24',
    provider: 'alpha',
    rttMs: 31.5,
    error: false,
    ageSeconds: 4,
  })
  expect(api.measurements.usage).toEqual([
    {
      provider: 'alpha',
      limit: { limitType: 'egress', telemetrySource: { id: 's', metric: 'm' } },
      value: 5e9,
      ageSeconds: 0,
    },
  ])
})

test('a report of the wrong shape is refused as a whole', async () => {
  const api = new FrontApi()
  const samples = [{ client: '192.0.2.7', provider: 'alpha', rtt_ms: -1 }]
  const answer = await api.send('POST', '/measurements', { json: { samples } })
  expect(problemIn(answer)).toMatchObject({ status: 400, places: ['/samples/0/rtt_ms'] })
  expect(api.measurements.samples).toEqual([])
})
