import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { z } from 'zod'
import { type ApiClient, createApiClient } from './api-client.ts'
import { CliFailure } from './cli-failure.ts'
import { describeInput, readInput } from './command-input.ts'
import { parseDuration } from './duration.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { Cli } from './terminal.ts'

/** What a command against a broker works with. */
export interface ClientRun extends Cli {
  readonly api: ApiClient
  readonly json: boolean
  /** Prints the one JSON document of `--json`, or else the text. */
  show(raw: unknown, text: () => string): void
  readonly timeoutMs: number
}

export interface ClientCommand<Input> {
  /** As commander reads it, e.g. `show <scope>`. */
  readonly usage: string
  readonly summary: string
  /** Flags and what they mean. */
  readonly options?: readonly (readonly [flags: string, meaning: string])[]
  /** Arguments and options by name, each a text, a list of texts, or true. */
  readonly input: z.ZodType<Input>
  readonly run: (input: Input, run: ClientRun) => Promise<ExitCode | undefined>
}

/** Adds a command below another one. */
export type AddCommand = <Input>(parent: Command, spec: ClientCommand<Input>) => void

const DEFAULT_URL = 'http://127.0.0.1:8080'
const DEFAULT_TIMEOUT_MS = 60_000

/** A duration on the command line, in milliseconds. */
export const DurationInput = z.string().transform((text, context) => {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined) return milliseconds
  context.addIssue({ code: 'custom', message: 'write a number and a unit, such as 500ms, 5s, 10m, 2h or 1d' })
  return z.NEVER
})

const ConnectionInput = z.object({
  url: z.string().optional(),
  key: z.string().optional(),
  keyFile: z.string().optional(),
  json: z.boolean().default(false),
  timeout: DurationInput.optional(),
})
type Connection = z.infer<typeof ConnectionInput>

/** Adds a command that asks a running broker. `end` is told the exit code. */
export function addClientCommand<Input>(
  parent: Command,
  cli: Cli,
  end: (code: ExitCode) => void,
  spec: ClientCommand<Input>,
): void {
  const command = parent.command(spec.usage).description(spec.summary)
  for (const [flags, meaning] of spec.options ?? []) command.option(flags, meaning)
  command
    .optionsGroup('Connection and output:')
    .option('--url <url>', `the broker (env: MOQ_BROKER_URL; default: ${DEFAULT_URL})`)
    .option('--key <key>', 'API key (better: env MOQ_BROKER_KEY, which other users cannot see)')
    .option('--key-file <file>', 'file that holds the API key')
    .option('--timeout <duration>', 'how long to wait for an answer (default: 60s)')
    .option('--json', 'print one JSON document')
    .action(async () => {
      const given = describeInput(command)
      const connection = readInput(ConnectionInput, given, command)
      try {
        const input = readInput(spec.input, given, command)
        const run = openRun(cli, connection)
        try {
          end((await spec.run(input, run)) ?? EXIT.ok)
        } finally {
          await run.api[Symbol.asyncDispose]()
        }
      } catch (error) {
        if (connection.json && error instanceof CliFailure) cli.out.write(jsonText(error.document))
        throw error
      }
    })
}

/** One JSON document, as `--json` prints it. */
export function jsonText(document: unknown): string {
  return `${JSON.stringify(document, undefined, 2)}\n`
}

function openRun(cli: Cli, connection: Connection): ClientRun {
  const { json } = connection
  const url = brokerUrl(connection.url ?? nonEmpty(cli.env['MOQ_BROKER_URL']) ?? DEFAULT_URL)
  const key = connection.key ?? keyFrom(connection.keyFile) ?? nonEmpty(cli.env['MOQ_BROKER_KEY'])
  const timeoutMs = connection.timeout ?? DEFAULT_TIMEOUT_MS
  return {
    ...cli,
    json,
    timeoutMs,
    api: createApiClient({ url, timeoutMs, ...(key === undefined ? {} : { key: sendable(key) }) }),
    show(raw, text) {
      cli.out.write(json ? jsonText(raw) : text())
    },
  }
}

function brokerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new CliFailure('The URL of the broker must be an absolute http:// or https:// URL without user information', {
      exitCode: EXIT.usage,
      lines: ['Check --url and MOQ_BROKER_URL.'],
    })
  }
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`
}

function keyFrom(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    throw new CliFailure(`The key file ${file} cannot be read (${reason})`, { exitCode: EXIT.usage, cause })
  }
}

/** A header field holds no blanks or control characters; the message must not hold the key. */
function sendable(key: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key
  throw new CliFailure('The API key holds characters that no key has', {
    exitCode: EXIT.usage,
    lines: ['Check --key, --key-file and MOQ_BROKER_KEY: one key, without quotation marks or line breaks.'],
  })
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
