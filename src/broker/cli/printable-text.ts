import { stripVTControlCharacters } from 'node:util'

/** Control, format and separator characters: they would move the cursor, or turn the text around. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const JOINER = '\u200d'

/** One line that is safe on a terminal: what providers and users wrote may hold escape sequences. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(UNPRINTABLE, (character) =>
    character === '\n' || character === '\t' ? ' ' : character === JOINER ? character : '\ufffd',
  )
}

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff01-\uff60]/u

/** How many columns a terminal gives to the text; styles take none. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const { segment } of GRAPHEMES.segment(stripVTControlCharacters(text))) columns += WIDE.test(segment) ? 2 : 1
  return columns
}

/** Lines of at most `width` columns, broken at spaces, and inside a word only where it is too long for a line. */
export function wrapText(text: string, width: number): readonly string[] {
  if (columnsOf(text) <= width) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (columnsOf(longer) <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    const pieces = cutWord(word, width)
    lines.push(...pieces.slice(0, -1))
    line = pieces.at(-1) ?? ''
  }
  return line === '' ? lines : [...lines, line]
}

function cutWord(word: string, width: number): readonly string[] {
  const pieces: string[] = []
  let piece = ''
  for (const { segment } of GRAPHEMES.segment(word)) {
    if (piece !== '' && columnsOf(piece + segment) > width) {
      pieces.push(piece)
      piece = ''
    }
    piece += segment
  }
  return [...pieces, piece]
}
