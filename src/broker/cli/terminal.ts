import { styleText } from 'node:util'

export type Format = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Where text for people goes. */
export interface Output {
  /** Its lines can be rewritten. */
  readonly isTerminal: boolean
  /** Columns; infinite where the text goes into a file or another program. */
  readonly width: number
  write(text: string): void
  /** The text in this format, where the output shows formats. */
  paint(format: Format, text: string): string
}

/** What the commands need of the process. */
export interface Cli {
  readonly out: Output
  readonly err: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds since the program began. */
  readonly sinceBegin: () => number
}

/** What of a stream of this process an output needs. */
export interface TextStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): boolean
  on(event: 'error', listener: (error: Error) => void): unknown
}

const DEFAULT_WIDTH = 80

/** An output over a stream of this process. Honours `NO_COLOR` and `TERM=dumb`; a reader that went away is no error. */
export function openOutput(stream: TextStream, env: Cli['env']): Output {
  const isTerminal = stream.isTTY === true && env['TERM'] !== 'dumb'
  const colours = isTerminal && (env['NO_COLOR'] ?? '') === ''
  let gone = false
  stream.on('error', (error: Error) => {
    if (!('code' in error) || error.code !== 'EPIPE') throw error
    gone = true
  })
  return {
    isTerminal,
    get width() {
      return stream.isTTY === true ? stream.columns || DEFAULT_WIDTH : Number.POSITIVE_INFINITY
    },
    write(text) {
      if (!gone) stream.write(text)
    },
    paint: (format, text) => (colours ? styleText(format, text, { validateStream: false }) : text),
  }
}
