import type { AdvertisementAnswer, AdvertisementHistoryAnswer } from './api-answers.ts'
import { relativeTime, timeText } from './cells.ts'
import { ageInWords } from './duration.ts'
import { printable } from './printable-text.ts'
import { type Cell, renderFacts, renderTable } from './table.ts'
import type { Output } from './terminal.ts'

const MAX_VALUE = 60
const MAX_FOOTPRINT_VALUES = 4

export function advertisementText(one: AdvertisementAnswer, out: Output, now: number): string {
  const title = out.paint('bold', `What ${printable(one.provider)} advertises`)
  const doubt = one.expired ? ', expired' : one.stale ? ', stale' : ''
  const facts = renderFacts(
    [
      ['version', one.version],
      ['profile', one.following === undefined ? one.profile : `${one.profile}, following changes: ${one.following}`],
      ['since', relativeTime(one.fetched_at, now)],
      ['confirmed', `${ageInWords(one.age_seconds * 1_000)} ago${doubt}`],
      ['fetch', one.error],
      ['footprints', one.footprint_error],
      ['held back', one.held_back === undefined ? undefined : heldBackText(one.held_back, now)],
    ],
    out,
    { indent: '  ' },
  )
  const table = renderTable(
    [{ title: 'CAPABILITY' }, { title: 'VALUE', wraps: true }, { title: 'FOOTPRINT', wraps: true }],
    one.advertisement.capabilities.map((capability) => [
      capability['capability-type'],
      shorten(JSON.stringify(capability['capability-value']) ?? ''),
      (capability.footprints ?? ['everybody']).map(footprintText).join('; '),
    ]),
    out,
  )
  const diagnostics = one.diagnostics.map(
    ({ severity, message, pointer }) => `${printable(`${severity} at ${pointer}: ${message}`)}\n`,
  )
  const unresolved = one.unresolved.map(
    ({ uri, why }) => `${printable(`named footprint ${uri} is ${why} and holds nobody`)}\n`,
  )
  return `${title}\n${facts}\n${table}${unresolved.join('')}${diagnostics.join('')}`
}

/** Why an advertisement is not used, and when it will be. */
export function heldBackText(held: NonNullable<AdvertisementAnswer['held_back']>, now: number): string {
  return `version ${held.version} since ${relativeTime(held.since, now)}: ${held.because}; used from ${timeText(held.accepted_at)} UTC, or by: provider confirm-advertisement`
}

export function advertisementHistoryText({ changes }: AdvertisementHistoryAnswer, out: Output): string {
  return renderTable(
    [
      { title: 'TIME (UTC)' },
      { title: 'WHAT' },
      { title: 'VIA' },
      { title: 'LOST' },
      { title: 'VERSION' },
      { title: 'NOTE', wraps: true },
    ],
    changes.map((change) => [
      timeText(change.at),
      kindCell(change.kind),
      change.by === undefined ? change.via : `${change.via} ${change.by}`,
      `${Math.round(change.lost_share * 100)} %`,
      change.version.slice(0, 12),
      [change.because, ...change.differences].filter((line) => line !== undefined).join('; '),
    ]),
    out,
  )
}

function kindCell(kind: string): Cell {
  const text = kind.replaceAll('_', ' ')
  return kind === 'held_back' ? { text, format: 'yellow' } : text
}

function footprintText(footprint: unknown): string {
  if (typeof footprint !== 'object' || footprint === null) return String(footprint)
  const { 'footprint-type': type, 'footprint-value': values }: Readonly<Record<string, unknown>> = { ...footprint }
  const list: readonly unknown[] = Array.isArray(values) ? values : []
  if (type === 'footprintunion') return list.map(footprintText).join(' or ')
  const further = list.length - MAX_FOOTPRINT_VALUES
  const some = list.slice(0, MAX_FOOTPRINT_VALUES).map((value) => shorten(String(value)))
  return `${String(type)} ${some.join(', ')}${further > 0 ? ` and ${further} more` : ''}`
}

function shorten(text: string): string {
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 3)}...` : text
}
