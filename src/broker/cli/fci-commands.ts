import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { z } from 'zod'
import type { Advertisement } from '../../fci/advertisement.ts'
import { compareAdvertisements } from '../../fci/compare-advertisements.ts'
import type { ReadOptions } from '../../fci/reading.ts'
import { resolveSecret } from '../config/secret-reference.ts'
import { CliFailure } from './cli-failure.ts'
import { jsonText } from './client-command.ts'
import { describeInput, readInput } from './command-input.ts'
import { parseDuration } from './duration.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { checkFciDocument, DOCUMENT_KINDS } from './fci-check.ts'
import { checkJson, checkText } from './fci-check-text.ts'
import { differenceText } from './fci-diff-text.ts'
import type { FciDocument } from './fci-document.ts'
import { loadFciDocument } from './fci-document.ts'
import type { Cli } from './terminal.ts'

const Common = z.object({
  json: z.boolean().default(false),
  strict: z.boolean().default(false),
  token: z.string().optional(),
  combination: z.enum(['and', 'or'], 'must be "and" or "or"').default('and'),
  timeout: z
    .string()
    .transform((text, context) => {
      const milliseconds = parseDuration(text)
      if (milliseconds !== undefined && milliseconds > 0) return milliseconds
      context.addIssue({ code: 'custom', message: 'must be a duration such as 5s' })
      return z.NEVER
    })
    .default(10_000),
})
type Common = z.infer<typeof Common>

const CheckInput = Common.extend({
  document: z.string(),
  kind: z.enum(DOCUMENT_KINDS, `must be one of ${DOCUMENT_KINDS.join(', ')}`).optional(),
})
const DiffInput = Common.extend({ before: z.string(), after: z.string() })

const EXIT_HELP = `
Ends with 0 when there are no errors (warnings are none), with 2 when there are, with 1 when the
document cannot be fetched. --strict turns into errors what a lenient broker repairs.`

/** `fci check`, `fci diff`: work without a broker. */
export function addFciCommands(program: Command, cli: Cli, end: (code: ExitCode) => void): void {
  const fci = program.command('fci').description('Advertisements and geofeeds of CDNs (CDNI FCI, RFC 8805)')
  const check = addOptions(fci.command('check <document>'))
    .description('Check what a CDN publishes, a file or a URL, and tell what a broker would understand of it')
    .option('--kind <kind>', `what it is: ${DOCUMENT_KINDS.join(', ')} (default: told by its content)`)
    .addHelpText('after', EXIT_HELP)
    .action(async () => {
      const input = readInput(CheckInput, describeInput(check), check)
      const document = await load(input.document, input, cli)
      const checked = checkFciDocument(document, input.kind, readOptions(input))
      cli.out.write(input.json ? jsonText(checkJson(checked)) : checkText(checked, cli.out))
      end(checked.errors > 0 ? EXIT.usage : EXIT.ok)
    })
  const diff = addOptions(fci.command('diff <before> <after>'))
    .description('Tell what changed from one advertisement to another: address space, codes and capabilities')
    .action(async () => {
      const input = readInput(DiffInput, describeInput(diff), diff)
      const [before, after] = await Promise.all([load(input.before, input, cli), load(input.after, input, cli)])
      const difference = compareAdvertisements(modelOf(before, input), modelOf(after, input))
      cli.out.write(
        input.json
          ? jsonText({ before: before.name, after: after.name, ...difference })
          : differenceText(difference, [before.name, after.name], cli.out),
      )
      end(EXIT.ok)
    })
}

function addOptions(command: Command): Command {
  return command
    .option('--json', 'print one JSON document')
    .option('--strict', 'repair nothing: what a lenient broker would repair is an error')
    .option('--token <reference>', 'bearer token for a URL: env:NAME or file:/path')
    .option('--combination <and|or>', 'how types in one footprints array combine (default: and, RFC 9388 2.2)')
    .option('--timeout <duration>', 'for fetching a URL (default: 10s)')
}

async function load(location: string, { token, timeout }: Common, cli: Cli): Promise<FciDocument> {
  return loadFciDocument({ location, token: tokenOf(token, cli), timeoutMs: timeout, now: cli.now })
}

function tokenOf(reference: string | undefined, { env }: Cli): string | undefined {
  if (reference === undefined) return undefined
  const resolved = resolveSecret(reference, { env, readFile: (path) => readFileSync(path, 'utf8') })
  if (resolved.ok) return resolved.value
  const message = resolved.message.replace('into the file', 'on the command line')
  throw new CliFailure(`--token: ${message}`, { exitCode: EXIT.usage })
}

function modelOf(document: FciDocument, input: Common): Advertisement {
  const checked = checkFciDocument(document, 'advertisement', readOptions(input))
  const { report } = checked
  if (report.kind === 'advertisement' && report.understood !== undefined) return report.understood.model
  throw new CliFailure(`${document.name} is no advertisement`, {
    exitCode: EXIT.usage,
    lines: report.findings.map(({ message }) => message).slice(0, 3),
  })
}

function readOptions({ strict, combination }: Common): ReadOptions {
  return { mode: strict ? 'strict' : 'lenient', combination }
}
