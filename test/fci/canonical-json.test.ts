import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, toJsonValue } from '../../src/fci/canonical-json.ts'

test('canonical JSON is the text of RFC 8785 for its own example', () => {
  const input = JSON.parse(
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
  )
  expect(canonicalJson(input)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
})

test('canonical JSON sorts names by UTF-16 code units', () => {
  expect(
    canonicalJson({ '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }),
  ).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}')
})

test('canonical JSON holds the same value, whatever the order of names', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const copy = toJsonValue(value, 100)
      if (copy === undefined) throw new Error('JSON was not taken for JSON')
      expect(JSON.parse(canonicalJson(copy))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
  expect(canonicalJson({ a: 1, b: { d: 2, c: 3 } })).toBe(canonicalJson({ b: { c: 3, d: 2 }, a: 1 }))
})

test.each([[Number.NaN], [Number.POSITIVE_INFINITY]])('%s has no canonical JSON', (value) => {
  expect(() => canonicalJson(value)).toThrow(RangeError)
  expect(toJsonValue(value, 1)).toBeUndefined()
})

test('only JSON of the depth allowed is taken for JSON', () => {
  expect(toJsonValue([[1]], 2)).toEqual([[1]])
  expect(toJsonValue([[1]], 1)).toBeUndefined()
  expect(toJsonValue({ a: undefined }, 5)).toBeUndefined()
  expect(toJsonValue(1n, 5)).toBeUndefined()
})
