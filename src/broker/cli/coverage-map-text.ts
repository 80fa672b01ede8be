import { z } from 'zod'
import { stateCell } from './cells.ts'
import { ageInWords, durationInWords } from './duration.ts'
import { printable } from './printable-text.ts'
import { renderTable } from './table.ts'
import type { Output } from './terminal.ts'

const Family = z.object({ ranges: z.number(), classes: z.number(), bytes: z.number() })
const Refusal = z.object({ since: z.string(), because: z.string() })

export const CoverageMapAnswer = z.object({
  state: z.string(),
  compiling: z.boolean(),
  refused: Refusal.optional(),
  map: z
    .object({
      version: z.string(),
      age_seconds: z.number(),
      compile_seconds: z.number(),
      kept: z.boolean(),
      classes: z.number(),
      bytes: z.number(),
      v4: Family,
      v6: Family,
    })
    .optional(),
  columns: z.array(
    z.object({
      provider: z.string(),
      state: z.string(),
      column: z.object({ version: z.string(), age_seconds: z.number() }).optional(),
      advertisement: z.object({ version: z.string(), age_seconds: z.number() }).optional(),
      because: z.string().optional(),
    }),
  ),
  policies: z.array(z.object({ revision: z.string(), age_seconds: z.number() })),
  geo: z.object({
    databases: z.array(
      z.object({ name: z.string(), version: z.string(), age_seconds: z.number(), entries: z.number() }),
    ),
    refused: Refusal.optional(),
  }),
})
export type CoverageMapAnswer = z.infer<typeof CoverageMapAnswer>

/** The map, its sizes, its columns and the geo data, and what was refused. */
export function coverageMapText(answer: CoverageMapAnswer, out: Output): string {
  const { map, refused, columns, policies, geo } = answer
  const parts = [`${titleOf(answer, out)}\n`]
  if (refused !== undefined) parts.push(refusalText('The last compilation failed', refused, out))
  if (geo.refused !== undefined) parts.push(refusalText('Geo files are not used', geo.refused, out))
  if (map !== undefined) parts.push('\n', familiesText(map, out))
  parts.push('\n', columnsText(columns, policies, out))
  if (geo.databases.length > 0) parts.push('\n', geoText(geo.databases, out))
  return parts.join('')
}

function titleOf({ state, compiling, map }: CoverageMapAnswer, out: Output): string {
  if (map === undefined) return out.paint('yellow', 'There is no coverage map yet; footprints are read plainly.')
  const age = `made ${ageInWords(map.age_seconds * 1_000)} ago in ${durationInWords(map.compile_seconds * 1_000)}`
  const kept = map.kept ? ', kept from before the last start' : ''
  const next = compiling ? ', a new one is being made' : ''
  const format = state === 'fresh' ? 'green' : state === 'refused' ? 'red' : 'yellow'
  return `Coverage map ${out.paint('bold', printable(map.version))}: ${out.paint(format, printable(state))}  ${out.paint('dim', printable(`(${age}${kept}${next})`))}`
}

function refusalText(what: string, { since, because }: z.infer<typeof Refusal>, out: Output): string {
  return `${out.paint('red', printable(`${what} since ${since}: ${because}`))}\n`
}

function familiesText({ v4, v6, classes, bytes }: NonNullable<CoverageMapAnswer['map']>, out: Output): string {
  const row = (name: string, size: z.infer<typeof Family>): string[] => [
    name,
    String(size.ranges),
    String(size.classes),
    bytesText(size.bytes),
  ]
  return renderTable(
    [
      { title: 'FAMILY' },
      { title: 'RANGES', align: 'right' },
      { title: 'CLASSES', align: 'right' },
      { title: 'MEMORY', align: 'right' },
    ],
    [row('IPv4', v4), row('IPv6', v6), row('both', { ranges: v4.ranges + v6.ranges, classes, bytes })],
    out,
  )
}

function columnsText(
  columns: CoverageMapAnswer['columns'],
  policies: CoverageMapAnswer['policies'],
  out: Output,
): string {
  return renderTable(
    [
      { title: 'COLUMN' },
      { title: 'STATE' },
      { title: 'IN THE MAP' },
      { title: 'SINCE', align: 'right' },
      { title: 'IN USE' },
      { title: 'CONFIRMED', align: 'right' },
      { title: 'BECAUSE', wraps: true },
    ],
    [
      ...columns.map(({ provider, state, column, advertisement, because }) => [
        provider,
        stateCell(state),
        column === undefined ? '' : column.version.slice(0, 12),
        column === undefined ? '' : ageInWords(column.age_seconds * 1_000),
        advertisement === undefined ? '' : advertisement.version.slice(0, 12),
        advertisement === undefined ? '' : `${ageInWords(advertisement.age_seconds * 1_000)} ago`,
        because ?? '',
      ]),
      ...policies.map(({ revision, age_seconds: age }) => {
        return [`policy ${revision}`, '', revision, ageInWords(age * 1_000), '', '', '']
      }),
    ],
    out,
  )
}

function geoText(databases: CoverageMapAnswer['geo']['databases'], out: Output): string {
  return renderTable(
    [
      { title: 'GEO DATA' },
      { title: 'VERSION' },
      { title: 'AGE', align: 'right' },
      { title: 'ENTRIES', align: 'right' },
    ],
    databases.map(({ name, version, age_seconds: age, entries }) => [
      name,
      version,
      ageInWords(age * 1_000),
      String(entries),
    ]),
    out,
  )
}

function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}
