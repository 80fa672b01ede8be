import type { Command } from 'commander'
import { z } from 'zod'
import { describeInput, readInput } from './command-input.ts'
import { DOCUMENT_KINDS } from './document-kinds.ts'
import { parseDuration } from './duration.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
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
export type FciInput = z.infer<typeof Common>

const CheckInput = Common.extend({
  document: z.string(),
  kind: z.enum(DOCUMENT_KINDS, `must be one of ${DOCUMENT_KINDS.join(', ')}`).optional(),
})
export type CheckInput = z.infer<typeof CheckInput>
const DiffInput = Common.extend({ before: z.string(), after: z.string() })
export type DiffInput = z.infer<typeof DiffInput>

const EXIT_HELP = `
Ends with 0 when there are no errors (warnings are none), with 2 when there are, with 1 when the
document cannot be fetched. --strict turns into errors what a lenient broker repairs.`

/** `fci check`, `fci diff`: work without a broker. Their code is loaded only when it is to run. */
export function addFciCommands(program: Command, cli: Cli, end: (code: ExitCode) => void): void {
  const fci = program.command('fci').description('Advertisements and geofeeds of CDNs (CDNI FCI, RFC 8805)')
  const check = addOptions(fci.command('check <document>'))
    .description('Check what a CDN publishes, a file or a URL, and tell what a broker would understand of it')
    .option('--kind <kind>', `what it is: ${DOCUMENT_KINDS.join(', ')} (default: told by its content)`)
    .addHelpText('after', EXIT_HELP)
    .action(async () => {
      const input = readInput(CheckInput, describeInput(check), check)
      const { checkDocument } = await import('./run-fci.ts')
      end(await checkDocument(input, cli))
    })
  const diff = addOptions(fci.command('diff <before> <after>'))
    .description('Tell what changed from one advertisement to another: address space, codes and capabilities')
    .action(async () => {
      const input = readInput(DiffInput, describeInput(diff), diff)
      const { compareDocuments } = await import('./run-fci.ts')
      await compareDocuments(input, cli)
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
