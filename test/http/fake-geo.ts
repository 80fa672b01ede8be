import type { GeoService } from '../../src/broker/footprint-sources/geo-service.ts'

const AT = Date.UTC(2026, 10, 20)
const EDITION = { name: 'geo.csv', version: 'v1', builtAt: AT, entries: 3, warnings: ['line 7: nonsense'] }

/** One database, a geofeed, and a private source without data. */
export const FAKE_GEO: GeoService = {
  databases: () => [EDITION],
  sources: () => [
    {
      type: 'rfc8805',
      uri: 'https://a.example/f.csv',
      providers: ['alpha'],
      edition: EDITION,
      fetchedAt: AT,
      dueAt: AT,
    },
    { type: 'private', uri: 'urn:example:db', providers: ['beta'], error: 'no file is configured for it' },
  ],
}
