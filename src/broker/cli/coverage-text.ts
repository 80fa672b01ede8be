import { z } from 'zod'
import type { CoverageRow } from '../../routing/coverage/coverage-report.ts'
import { UNKNOWN_KEY } from '../../routing/coverage/unknown-key.ts'
import { printable } from './printable-text.ts'
import { type Cell, renderTable } from './table.ts'
import type { Output } from './terminal.ts'

const Shares = z.array(z.object({ provider: z.string(), share: z.number() }))
const CoverageRowAnswer = z.object({
  key: z.string(),
  v4_addresses: z.number(),
  v6_prefixes_48: z.number(),
  serving: Shares,
  able: Shares,
  alone_share: z.number(),
  overlap_share: z.number(),
  gap_share: z.number(),
})
type CoverageRowAnswer = z.infer<typeof CoverageRowAnswer>

export const CoverageAnswer = z.object({
  map: z.string(),
  providers: z.array(z.string()).optional(),
  rows: z.array(CoverageRowAnswer).optional(),
  stretches: z.array(z.object({ prefix: z.string(), serving: Shares, able: z.array(z.string()) })).optional(),
  continues_at: z.string().optional(),
})
export type CoverageAnswer = z.infer<typeof CoverageAnswer>

/** The answer's row as the report has it. */
export function rowOfAnswer(row: CoverageRowAnswer): CoverageRow {
  return {
    key: row.key,
    size: { v4Addresses: row.v4_addresses, v6Prefixes48: row.v6_prefixes_48 },
    serving: row.serving,
    able: row.able,
    aloneShare: row.alone_share,
    overlapShare: row.overlap_share,
    gapShare: row.gap_share,
  }
}

/** The largest rows as a table, then what was left out and where one CDN is alone. */
export function coverageText(
  { map, rows = [] }: CoverageAnswer,
  out: Output,
  { by, top, alone }: { readonly by: 'country' | 'asn'; readonly top: number; readonly alone: boolean },
): string {
  const wanted = alone ? rows.filter((row) => row.alone_share > 0 || row.gap_share > 0) : rows
  const shown = wanted.slice(0, top)
  const table = renderTable(
    [
      { title: by === 'country' ? 'COUNTRY' : 'AS' },
      { title: 'IPV4', align: 'right' },
      { title: 'IPV6 /48', align: 'right' },
      { title: 'SERVED BY', wraps: true },
      { title: 'COULD BE SERVED BY', wraps: true },
      { title: 'ONE ALONE', align: 'right' },
      { title: 'NOBODY', align: 'right' },
    ],
    shown.map((row) => [
      row.key,
      countText(row.v4_addresses),
      countText(row.v6_prefixes_48),
      row.serving.length === 0 ? { text: 'nobody', format: 'red' } : sharesText(row.serving),
      sharesText(row.able),
      warningCell(row.alone_share, 'yellow'),
      warningCell(row.gap_share, 'red'),
    ]),
    out,
  )
  const rest = wanted.length - shown.length
  const notes = [
    ...(shown.length === 0 ? [alone ? 'Nowhere is one CDN alone.' : 'There is no address space to report on.'] : []),
    ...(rest > 0 ? [`${rest} more; --top N shows them.`] : []),
    ...(shown.some(({ key }) => key === UNKNOWN_KEY)
      ? [`"${UNKNOWN_KEY}" is everything of which the geo data know no ${by === 'country' ? 'country' : 'AS number'}.`]
      : []),
    `Map ${map}. Shares are of each row's address space, IPv4 and IPv6 counting the same.`,
  ]
  return `${shown.length === 0 ? '' : `${table}\n`}${notes.map((note) => out.paint('dim', printable(note))).join('\n')}\n`
}

/** The stretches of one prefix. */
export function stretchesText({ map, stretches = [], continues_at: next }: CoverageAnswer, out: Output): string {
  const table = renderTable(
    [{ title: 'PREFIX' }, { title: 'SERVED BY' }, { title: 'COULD BE SERVED BY', wraps: true }],
    stretches.map(({ prefix, serving, able }) => [
      prefix,
      serving.length === 0 ? { text: 'nobody', format: 'red' } : sharesText(serving),
      able.join(', '),
    ]),
    out,
  )
  const more = next === undefined ? '' : ` It goes on at ${next}; --top N shows more.`
  return `${table}\n${out.paint('dim', printable(`Map ${map}.${more}`))}\n`
}

function sharesText(shares: CoverageRowAnswer['able']): string {
  return shares.map(({ provider, share }) => (share >= 0.9995 ? provider : `${provider} ${percent(share)}`)).join(', ')
}

function warningCell(share: number, format: 'yellow' | 'red'): Cell {
  return share === 0 ? '' : { text: percent(share), format }
}

/** Who is listed at all has a share, however small. */
function percent(share: number): string {
  if (share < 0.001) return '<0.1 %'
  return `${share >= 0.1 ? Math.round(share * 100) : Math.round(share * 1000) / 10} %`
}

/** `812`, `45 k`, `1.6 M`, `0.3`. */
function countText(count: number): string {
  if (count === 0) return ''
  if (count < 1_000) return String(Math.round(count * 10) / 10)
  const units = ['k', 'M', 'G', 'T', 'P']
  let value = count
  let unit = -1
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000
    unit++
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}
