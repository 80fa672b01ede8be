import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instantFromMs, instantToRfc3339, parseRfc3339 } from '../../src/lab/instant.ts'

describe('an instant', () => {
  it('survives being written and read', () => {
    const instants = fc.integer({ min: 0, max: instantFromMs(Date.UTC(2200, 0, 1)) })
    fc.assert(fc.property(instants, (instant) => parseRfc3339(instantToRfc3339(instant)) === instant))
  })

  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01t00:00:01z', 1_000_000],
    ['1970-01-01T00:00:00.5Z', 500_000],
    ['1970-01-01T00:00:00.000001Z', 1],
    ['1970-01-01T00:00:00.123456789Z', 123_456],
    ['1970-01-01T01:00:00+01:00', 0],
    ['1969-12-31T23:30:00-00:30', 0],
  ])('is read from %s', (text, instant) => {
    expect(parseRfc3339(text)).toBe(instant)
  })

  it.each(['', 'now', '1970-01-01', '1970-01-01T00:00:00', '1970-13-01T00:00:00Z', '1970-01-01 00:00:00Z', '0'])(
    'is not read from "%s"',
    (text) => {
      expect(parseRfc3339(text)).toBeUndefined()
    },
  )
})
