import { expect, it } from 'vitest'
import { FrontApi } from './front-api.ts'

it('GET /geo shows the data, their age, and what has none', async () => {
  const answer = await new FrontApi().send('GET', '/geo', { key: 'mqb_reader' })
  expect(answer.json).toMatchObject({
    databases: [{ name: 'geo.csv', entries: 3, age_seconds: 86_400, warnings: ['line 7: nonsense'] }],
    footprint_sources: [
      { type: 'rfc8805', providers: ['alpha'], edition: { version: 'v1' }, due_at: '2026-11-20T00:00:00.000Z' },
      { type: 'private', uri: 'urn:example:db', error: 'no file is configured for it' },
    ],
  })
})
