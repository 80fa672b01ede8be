import { readFileSync } from 'node:fs'
import type { Advertisement } from '../../fci/advertisement.ts'
import { compareAdvertisements } from '../../fci/compare-advertisements.ts'
import type { ReadOptions } from '../../fci/reading.ts'
import { resolveSecret } from '../config/secret-reference.ts'
import { CliFailure } from './cli-failure.ts'
import { jsonText } from './client-command.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { checkFciDocument } from './fci-check.ts'
import { checkJson, checkText } from './fci-check-text.ts'
import type { CheckInput, DiffInput, FciInput } from './fci-commands.ts'
import { differenceText } from './fci-diff-text.ts'
import { type FciDocument, loadFciDocument } from './fci-document.ts'
import type { Cli } from './terminal.ts'

/** `fci check`. Throws `CliFailure`. */
export async function checkDocument(input: CheckInput, cli: Cli): Promise<ExitCode> {
  const document = await load(input.document, input, cli)
  const checked = checkFciDocument(document, input.kind, readOptions(input))
  cli.out.write(input.json ? jsonText(checkJson(checked)) : checkText(checked, cli.out))
  return checked.errors > 0 ? EXIT.usage : EXIT.ok
}

/** `fci diff`. Throws `CliFailure`. */
export async function compareDocuments(input: DiffInput, cli: Cli): Promise<void> {
  const [before, after] = await Promise.all([load(input.before, input, cli), load(input.after, input, cli)])
  const difference = compareAdvertisements(modelOf(before, input), modelOf(after, input))
  cli.out.write(
    input.json
      ? jsonText({ before: before.name, after: after.name, ...difference })
      : differenceText(difference, [before.name, after.name], cli.out),
  )
}

async function load(location: string, { token, timeout }: FciInput, cli: Cli): Promise<FciDocument> {
  return loadFciDocument({ location, token: tokenOf(token, cli), timeoutMs: timeout, now: cli.now })
}

function tokenOf(reference: string | undefined, { env }: Cli): string | undefined {
  if (reference === undefined) return undefined
  const resolved = resolveSecret(reference, { env, readFile: (path) => readFileSync(path, 'utf8') })
  if (resolved.ok) return resolved.value
  const message = resolved.message.replace('into the file', 'on the command line')
  throw new CliFailure(`--token: ${message}`, { exitCode: EXIT.usage })
}

function modelOf(document: FciDocument, input: FciInput): Advertisement {
  const checked = checkFciDocument(document, 'advertisement', readOptions(input))
  const { report } = checked
  if (report.kind === 'advertisement' && report.understood !== undefined) return report.understood.model
  throw new CliFailure(`${document.name} is no advertisement`, {
    exitCode: EXIT.usage,
    lines: report.findings.map(({ message }) => message).slice(0, 3),
  })
}

function readOptions({ strict, combination }: FciInput): ReadOptions {
  return { mode: strict ? 'strict' : 'lenient', combination }
}
