/** One command of a ```console block with the output that the document shows below it. */
export interface DocumentedCommand {
  readonly file: string
  /** Of the prompt, counted from 1. */
  readonly line: number
  /** Without the prompt; lines that end with a backslash go on in the next one. */
  readonly command: string
  /** As printed in the document; empty where it shows none. */
  readonly output: string
}

const PROMPT = '$ '

/** Every command of the ```console blocks of a Markdown text, in its order. Throws where a block begins without one. */
export function documentedCommands(file: string, markdown: string): readonly DocumentedCommand[] {
  const commands: { line: number; command: string[]; output: string[] }[] = []
  let inside = false
  let goesOn = false
  for (const [index, text] of markdown.split('\n').entries()) {
    const line = index + 1
    if (text.startsWith('```')) {
      inside = text === '```console'
      goesOn = false
      if (inside) commands.push({ line, command: [], output: [] })
      continue
    }
    if (!inside) continue
    if (!goesOn && text.startsWith(PROMPT)) {
      commands.push({ line, command: [text.slice(PROMPT.length)], output: [] })
      goesOn = text.endsWith('\\')
      continue
    }
    const current = commands.at(-1)
    if (current === undefined || current.command.length === 0) {
      throw new Error(`${file}:${line}: a console block must begin with "${PROMPT}"`)
    }
    if (goesOn) {
      current.command.push(text)
      goesOn = text.endsWith('\\')
    } else current.output.push(text)
  }
  return commands
    .filter(({ command }) => command.length > 0)
    .map(({ line, command, output }) => ({ file, line, command: command.join('\n'), output: output.join('\n').trim() }))
}
