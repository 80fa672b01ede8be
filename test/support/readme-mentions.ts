import { runCommand } from './cli-run.ts'

/** A command line that a document mentions, as the words after the program's name. */
export interface Mention {
  readonly file: string
  readonly line: number
  readonly words: readonly string[]
}

const FENCE = /^```/
const INLINE = /`([^`]+)`/g
const PROGRAM = /(?<![\w:/"'-])(?:(npm start --)|moq-broker|\S*dist\/broker\/cli\/main\.js) (?=[a-z-])([^;|#)]*)/g
const WORD = /"[^"]*"|'[^']*'|\S+/g

/** Every command line of the program in a document's code: fenced blocks and spans. */
export function mentionsIn(file: string, markdown: string): readonly Mention[] {
  return codeIn(markdown).flatMap(({ line, code }) =>
    [...code.matchAll(PROGRAM)].map(([, start, words = '']) => ({
      file,
      line,
      words: [...(start === undefined ? [] : ['start']), ...(words.match(WORD) ?? [])],
    })),
  )
}

/** Options that stand alone in a span, such as `--json`. */
export function optionsIn(file: string, markdown: string): readonly Mention[] {
  return codeIn(markdown)
    .filter(({ code }) => code.startsWith('--'))
    .map(({ line, code }) => ({ file, line, words: code.match(WORD)?.slice(0, 1) ?? [] }))
}

function codeIn(markdown: string): readonly { readonly line: number; readonly code: string }[] {
  let fenced = false
  return markdown.split('\n').flatMap((text, index) => {
    const line = index + 1
    if (FENCE.test(text)) {
      fenced = !fenced
      return []
    }
    return fenced ? [{ line, code: text }] : [...text.matchAll(INLINE)].map((match) => ({ line, code: match[1] ?? '' }))
  })
}

interface Help {
  readonly subcommands: ReadonlySet<string>
  readonly options: ReadonlySet<string>
}

/** What `--help` says of a command: of the program itself for `[]`. */
async function helpOf(path: readonly string[]): Promise<Help> {
  const { exitCode, stdout } = await runCommand([...path, '--help'])
  if (exitCode !== 0) throw new Error(`moq-broker ${path.join(' ')} --help ended with ${exitCode}`)
  return {
    subcommands: new Set([...stdout.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map((match) => match[1] ?? '')),
    options: new Set(stdout.match(/(?<!\S)--[a-z][a-z-]*/g)),
  }
}

/** What is wrong with a command line by what `--help` says: an unknown command or option. `undefined`: nothing. */
export async function faultOfMention({ file, line, words }: Mention): Promise<string | undefined> {
  const path: string[] = []
  let help = await helpOf(path)
  for (const word of words) {
    const option = /^--[a-z-]+/.exec(word)?.[0]
    if (option !== undefined && !help.options.has(option)) {
      return `${file}:${line}: moq-broker ${path.join(' ')} has no option ${option}`
    }
    if (word.startsWith('-') || help.subcommands.size === 0) continue
    if (!help.subcommands.has(word)) return `${file}:${line}: moq-broker ${path.join(' ')} has no command ${word}`
    path.push(word)
    help = await helpOf(path)
  }
  return undefined
}

/** Every option of every command. */
export async function allOptions(path: readonly string[] = []): Promise<ReadonlySet<string>> {
  const { subcommands, options } = await helpOf(path)
  const below = await Promise.all(
    [...subcommands].filter((name) => name !== 'help').map((name) => allOptions([...path, name])),
  )
  return new Set([...options, ...below.flatMap((one) => [...one])])
}
