import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsOf, printable, wrapText } from '../../src/broker/cli/printable-text.ts'

const anyText = fc.string({ unit: 'grapheme' })
const nastyText = fc.string({ unit: 'binary' })

describe('text for a terminal', () => {
  it('loses escape sequences, control characters and text direction', () => {
    expect(printable('a\u001b[31mred\u001b[0m\u0008\u202egnp.exe')).toBe('ared\ufffd\ufffdgnp.exe')
    expect(printable('two\nlines\tand a tab')).toBe('two lines and a tab')
  })

  it('keeps every script and emoji of several parts', () => {
    const text = 'größer 東京 مرحبا 👩‍👩‍👧 é'
    expect(printable(text)).toBe(text)
  })

  it('never moves the cursor, whatever it was', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        expect(printable(text)).toMatch(/^[^\p{Cc}]*$/u)
      }),
    )
  })
})

describe('columns', () => {
  it.each([
    ['abc', 3],
    ['é', 1],
    ['東京', 4],
    ['👩‍👩‍👧', 2],
    ['→', 1],
    ['\u001b[1mbold\u001b[22m', 4],
    ['', 0],
  ])('of %j are %d', (text, columns) => {
    expect(columnsOf(text)).toBe(columns)
  })
})

describe('wrapped text', () => {
  it('breaks at spaces, and in a word only where it is too long for a line', () => {
    expect(wrapText('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrapText('abcdefghij kl', 4)).toEqual(['abcd', 'efgh', 'ij', 'kl'])
    expect(wrapText('fits', 4)).toEqual(['fits'])
  })

  it('loses nothing and is never wider than it may be', () => {
    fc.assert(
      fc.property(anyText.map(printable), fc.integer({ min: 2, max: 40 }), (text, width) => {
        const lines = wrapText(text, width)
        expect(lines.every((line) => columnsOf(line) <= width)).toBe(true)
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
      }),
    )
  })

  it('counts no columns for styles', () => {
    const styled = '\u001b[1mone\u001b[22m two'
    expect(wrapText(styled, 7)).toEqual([styled])
    expect(wrapText(styled, 5).map(stripVTControlCharacters)).toEqual(['one', 'two'])
  })
})
