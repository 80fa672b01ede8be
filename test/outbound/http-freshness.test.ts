import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFreshness } from '../../src/broker/outbound/http-freshness.ts'

const NOW = Date.UTC(2026, 10, 21)

describe('how long an answer may be used', () => {
  it.each([
    [
      { 'cache-control': 'max-age=600, stale-while-revalidate=30' },
      { freshSeconds: 600, staleWhileRevalidateSeconds: 30 },
    ],
    [{ 'cache-control': 'Max-Age="600",STALE-IF-ERROR=1200' }, { freshSeconds: 600, staleIfErrorSeconds: 1200 }],
    [{ 'cache-control': ['public', 'max-age=5'] }, { freshSeconds: 5 }],
    [{ 'cache-control': 'max-age=600', age: '590' }, { freshSeconds: 10 }],
    [{ 'cache-control': 'max-age=600', age: '700' }, { freshSeconds: 0 }],
    [{ 'cache-control': 'max-age=1, max-age=2' }, { freshSeconds: 1 }],
    [{ 'cache-control': 'max-age=99999999999999999999' }, { freshSeconds: 2_147_483_648 }],
    [{ 'cache-control': 'no-cache, max-age=600' }, { freshSeconds: 0 }],
    [{ 'cache-control': 'no-store' }, { freshSeconds: 0 }],
    [{ 'cache-control': 'max-age=-1, stale-if-error=x' }, {}],
    [{ expires: new Date(NOW + 90_000).toUTCString() }, { freshSeconds: 90 }],
    [
      { expires: new Date(NOW + 90_000).toUTCString(), date: new Date(NOW + 30_000).toUTCString() },
      { freshSeconds: 60 },
    ],
    [{ expires: '0' }, { freshSeconds: 0 }],
    [{ expires: '0', 'cache-control': 'max-age=7' }, { freshSeconds: 7 }],
    [{}, {}],
  ])('%j gives %j', (headers, freshness) => {
    expect(readFreshness(headers, NOW)).toEqual(freshness)
  })

  it('is never negative nor endless, whatever the header says', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (control, expires, age) => {
        for (const seconds of Object.values(readFreshness({ 'cache-control': control, expires, age }, NOW))) {
          expect(seconds).toBeGreaterThanOrEqual(0)
          expect(seconds).toBeLessThanOrEqual(2_147_483_648)
        }
      }),
    )
  })
})
