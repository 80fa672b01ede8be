import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { median, quantile, relativeSpread } from '../../bench/statistics.ts'

const someValues = fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 })

describe('quantile', () => {
  it('interpolates between neighbours and does not mind the order', () => {
    expect(quantile([40, 10, 30, 20], 0)).toBe(10)
    expect(quantile([40, 10, 30, 20], 1)).toBe(40)
    expect(quantile([40, 10, 30, 20], 0.5)).toBe(25)
    expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20)
  })

  it('refuses an empty list', () => {
    expect(() => quantile([], 0.5)).toThrow('at least one value')
  })

  it('grows with its share and stays within the values', () => {
    fc.assert(
      fc.property(
        someValues,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, a, b) => {
          const low = quantile(values, Math.min(a, b))
          const high = quantile(values, Math.max(a, b))
          expect(low).toBeLessThanOrEqual(high * (1 + 1e-12))
          expect(low).toBeGreaterThanOrEqual(Math.min(...values))
          expect(high).toBeLessThanOrEqual(Math.max(...values) * (1 + 1e-12))
        },
      ),
    )
  })
})

describe('median and spread', () => {
  it('name the middle and the width of the middle half', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(relativeSpread([10, 20, 30, 40, 50])).toBeCloseTo(20 / 30)
    expect(relativeSpread([5, 5, 5])).toBe(0)
  })
})
