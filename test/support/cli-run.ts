import { runCli } from '../../src/broker/cli/run-cli.ts'
import type { Output } from '../../src/broker/cli/terminal.ts'

export interface CliRun {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliSurroundings {
  readonly env?: Readonly<Record<string, string>>
  readonly now?: number
}

/** An output that keeps what was written; formats are shown as `<bold>text</>`. */
export function keepOutput(options: { readonly width?: number; readonly formats?: boolean } = {}): Output & {
  readonly text: () => string
} {
  let written = ''
  return {
    isTerminal: options.width !== undefined,
    width: options.width ?? Number.POSITIVE_INFINITY,
    write(text) {
      written += text
    },
    paint: (format, text) => (options.formats === true ? `<${format}>${text}</>` : text),
    text: () => written,
  }
}

/** Runs one command line in this process, as if its output went into files. */
export async function runCommand(args: readonly string[], surroundings: CliSurroundings = {}): Promise<CliRun> {
  const [out, err] = [keepOutput(), keepOutput()]
  const exitCode = await runCli(args, {
    out,
    err,
    env: surroundings.env ?? {},
    now: () => surroundings.now ?? Date.UTC(2026, 10, 21),
    sinceBegin: () => performance.now(),
  })
  return { exitCode, stdout: out.text(), stderr: err.text() }
}
