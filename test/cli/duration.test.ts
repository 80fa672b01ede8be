import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ageInWords, durationInWords, parseDuration } from '../../src/broker/cli/duration.ts'

describe('a duration on the command line', () => {
  it.each([
    ['500ms', 500],
    ['5s', 5_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    [' 10m ', 600_000],
    ['0s', 0],
  ])('%j is %d milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  it.each(['', '5', 's', '-5s', '5 s', '5S', '1e3s', '5s5s', `${'9'.repeat(30)}d`, 'Infinitys', '1..5s'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )

  it('never reads anything but a whole number of milliseconds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,20}(?:\.\d{1,5})?(?:ms|s|m|h|d)$/)), (text) => {
        const milliseconds = parseDuration(text)
        expect(milliseconds === undefined || (Number.isSafeInteger(milliseconds) && milliseconds >= 0)).toBe(true)
      }),
    )
  })
})

describe('a duration in words', () => {
  it.each([
    [4.4, '4 ms'],
    [999, '999 ms'],
    [1_423, '1.42 s'],
    [12_000, '12 s'],
    [125_000, '2 min'],
    [7_200_000, '2 h'],
    [432_000_000, '5 d'],
  ])('of %d milliseconds is %j', (milliseconds, words) => {
    expect(durationInWords(milliseconds)).toBe(words)
  })

  it('has no fractions of seconds where it is an age', () => {
    expect([ageInWords(420), ageInWords(53_900), ageInWords(125_000)]).toEqual(['0 s', '53 s', '2 min'])
  })
})
