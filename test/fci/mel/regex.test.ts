import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileRegex, RegexError } from '../../../src/fci/mel/regex.ts'

const atom = fc.constantFrom(
  'a',
  'b',
  '.',
  '[ab]',
  '[^a]',
  '\\w',
  '\\d',
  '[a-c0-9_-]',
  '\\.',
  '(?:ab)',
  '(a|b)',
  '^',
  '$',
)
const pattern = fc
  .letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      atom,
      fc.tuple(tie('any'), tie('any')).map(([a, b]) => a + b),
      fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a}|${b})`),
      fc
        .tuple(tie('any'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,1}', '{2,}', '*?'))
        .map(([a, bound]) => `(?:${a})${bound}`),
    ),
  }))
  .any.filter((text) => text.length < 60)
const text = fc.array(fc.constantFrom('a', 'b', 'c', '1', '-', '.', '\n'), { maxLength: 8 }).map((all) => all.join(''))

function faultOf(written: string): string {
  try {
    compileRegex(written, false)
    return 'none'
  } catch (error) {
    if (error instanceof RegexError) return error.fault
    throw error
  }
}

describe('a regular expression', () => {
  test('matches what the engine of the language matches', () => {
    fc.assert(
      fc.property(pattern, text, fc.boolean(), (written, input, ignoreCase) => {
        expect(compileRegex(written, ignoreCase).matches(input)).toBe(
          new RegExp(written, ignoreCase ? 'iu' : 'u').test(input),
        )
      }),
      { numRuns: 3000 },
    )
  })

  test.each([
    ['', '', true],
    ['^us-(ny|nj)$', 'us-nj', true],
    ['^us-(ny|nj)$', 'us-njx', false],
    ['\\s', '\t', true],
    ['[]a]', ']', true],
    ['[a\\d-]', '7', true],
    ['a{0}b', 'b', true],
    ['x{2', 'x{2', true],
    ['é', 'É', false],
  ])('/%s/ on %j: %s', (written, input, expected) => {
    expect(compileRegex(written, false).matches(input)).toBe(expected)
  })

  test('ignores case where it is to', () => {
    expect(compileRegex('^US-[n-p]Y$', true).matches('us-Ny')).toBe(true)
    expect(compileRegex('É', true).matches('é')).toBe(true)
  })

  test.each([
    ['(a', 'malformed'],
    ['a)', 'malformed'],
    ['[a', 'malformed'],
    ['*a', 'malformed'],
    ['a\\', 'malformed'],
    ['[b-a]', 'malformed'],
    ['a{3,2}', 'malformed'],
    ['^*', 'malformed'],
    ['(a)\\1', 'unsupported'],
    ['(?=a)', 'unsupported'],
    ['(?<!a)b', 'unsupported'],
    ['\\bus', 'unsupported'],
    ['a++', 'unsupported'],
    ['(((a{99}){99}){99}){99}', 'unsupported'],
    ['((((){999}){999}){999}){999}', 'unsupported'],
    ['('.repeat(5000), 'unsupported'],
  ])('/%s/ is refused as %s', (written, fault) => {
    expect(faultOf(written)).toBe(fault)
  })

  test('takes linear time where others take exponential time', { timeout: 2000 }, () => {
    const { matches } = compileRegex('^(a|a)*(a*)*b$', false)
    expect(matches('a'.repeat(10_000))).toBe(false)
    expect(compileRegex('(x+x+)+y', false).matches('x'.repeat(10_000))).toBe(false)
  })
})
