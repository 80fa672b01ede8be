import type { AdvertisementDifference, Change, SpaceDifference } from '../../fci/compare-advertisements.ts'
import { numberText } from './fci-words.ts'
import { printable } from './printable-text.ts'
import type { Cell } from './table.ts'
import { renderTable } from './table.ts'
import type { Format, Output } from './terminal.ts'

const SIGNS = { added: '+', removed: '-', footprint: '~' } as const
const FORMATS: Readonly<Record<keyof typeof SIGNS, Format>> = { added: 'green', removed: 'red', footprint: 'yellow' }

/** What changed, for people. */
export function differenceText(
  difference: AdvertisementDifference,
  [before, after]: readonly [string, string],
  out: Output,
): string {
  const title = out.paint('bold', `${printable(before)} -> ${printable(after)}`)
  if (!difference.changed) return `${title}: they say the same\n`
  const { moq, delivery, capabilities, furtherCapabilities } = difference
  const parts = [
    moq === undefined ? '' : spaceText('Where MoQ is served:', moq, out),
    spaceText('Where anything is delivered:', delivery, out),
    capabilityText(capabilities, furtherCapabilities, out),
  ]
  return `${title}\n${parts
    .filter((part) => part !== '')
    .map((part) => `\n${part}`)
    .join('')}`
}

const ROWS: readonly (readonly [title: string, member: keyof SpaceDifference])[] = [
  ['IPv4 addresses', 'v4'],
  ['IPv6 /48', 'v6'],
  ['AS numbers', 'asns'],
  ['countries', 'countries'],
  ['subdivisions', 'subdivisions'],
]

function spaceText(title: string, space: SpaceDifference, out: Output): string {
  const rows = ROWS.filter(([, member]) => space[member].before > 0 || space[member].after > 0).map(([name, member]) =>
    rowOf(name, space[member]),
  )
  if (rows.length === 0) return `${out.paint('bold', title)} nowhere\n`
  const table = renderTable(
    [
      { title: 'WHAT' },
      { title: 'BEFORE', align: 'right' },
      { title: 'AFTER', align: 'right' },
      { title: 'LOST', align: 'right' },
      { title: 'GAINED', align: 'right' },
      { title: 'FOR EXAMPLE', wraps: true },
    ],
    rows,
    out,
    { indent: '  ' },
  )
  return `${out.paint('bold', title)}\n${table}`
}

function rowOf(name: string, change: Change): readonly Cell[] {
  const { before, after, lost, gained, lostExamples, gainedExamples } = change
  const examples = [
    ...lostExamples.slice(0, 3).map((example) => `-${example}`),
    ...gainedExamples.slice(0, 3).map((example) => `+${example}`),
  ]
  return [
    name,
    numberText(before),
    numberText(after),
    lost === 0 ? '' : { text: `${numberText(lost)} (${percent(lost, before)})`, format: 'red' },
    gained === 0 ? '' : { text: numberText(gained), format: 'green' },
    examples.join(' '),
  ]
}

function percent(part: number, whole: number): string {
  const share = whole === 0 ? 0 : (part / whole) * 100
  return share > 0 && share < 1 ? '< 1 %' : `${Math.round(share)} %`
}

function capabilityText(capabilities: AdvertisementDifference['capabilities'], further: number, out: Output): string {
  if (capabilities.length === 0) return ''
  const table = renderTable(
    [{ title: '' }, { title: 'CAPABILITY' }, { title: 'VALUE', wraps: true }],
    capabilities.map(({ type, change, value }): readonly Cell[] => [
      { text: SIGNS[change], format: FORMATS[change] },
      type,
      change === 'footprint' ? `${value} for other clients` : value,
    ]),
    out,
    { indent: '  ' },
  )
  const more = further === 0 ? '' : `  and ${numberText(further)} more\n`
  return `${out.paint('bold', 'Capabilities:')}\n${table}${more}`
}
