import { columnsOf, printable } from './printable-text.ts'
import type { Output } from './terminal.ts'

/** Tells what goes on: one line that is rewritten on a terminal, one line each elsewhere. */
export interface Progress {
  say(text: string): void
  /** A line that stays. */
  tell(text: string): void
  /** Takes the rewritten line away. */
  clear(): void
}

const ERASE_LINE = '\r\u001b[2K'

export function createProgress(output: Output): Progress {
  let last = ''
  let standing = false
  const clear = (): void => {
    if (standing) output.write(ERASE_LINE)
    standing = false
  }
  return {
    say(text) {
      if (text === last) return
      last = text
      if (!output.isTerminal) {
        output.write(`${printable(text)}\n`)
        return
      }
      output.write(`${ERASE_LINE}${output.paint('dim', shorten(printable(text), output.width - 1))}`)
      standing = true
    },
    tell(text) {
      clear()
      output.write(`${text}\n`)
    },
    clear,
  }
}

/** A line that the terminal wraps could not be rewritten. */
function shorten(text: string, width: number): string {
  let short = text
  while (columnsOf(short) > width) short = short.slice(0, -2).trimEnd().concat('…')
  return short
}
