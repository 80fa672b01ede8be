import type { z } from 'zod'
import type { CredentialsAnswer, EventsAnswer, PlacementAnswer, ScopeAnswer } from './api-answers.ts'
import { formatOfState, relativeTime, stateCell, timeText } from './cells.ts'
import { printable } from './printable-text.ts'
import { renderFacts, renderTable } from './table.ts'
import type { Output } from './terminal.ts'

/** A scope with its placements, as lines. */
export function scopeText(scope: ScopeAnswer, out: Output, now: number): string {
  const format = formatOfState(scope.state)
  const state = printable(scope.state)
  const title = `Scope ${printable(scope.name ?? scope.scope_id)} is `
  const facts = renderFacts(
    [
      ['id', scope.scope_id],
      ['primary', scope.promoting === undefined ? scope.primary : `${scope.primary}, becoming ${scope.promoting}`],
      ['origin', scope.config?.origin_fallback?.url],
      ['revision', `${scope.revision}, changed ${relativeTime(scope.updated_at, now)}`],
      ['operation', scope.operation],
    ],
    out,
    { indent: '  ' },
  )
  return [
    `${out.paint('bold', title)}${format === undefined ? state : out.paint(format, state)}\n`,
    facts,
    '\n',
    placementTable(scope.placements, out, now),
  ].join('')
}

function placementTable(placements: readonly PlacementAnswer[], out: Output, now: number): string {
  return renderTable(
    [
      { title: 'CDN' },
      { title: 'ROLE' },
      { title: 'STATE' },
      { title: 'FALLBACK' },
      { title: 'SCOPE THERE' },
      { title: 'PROBLEM', wraps: true },
    ],
    placements.map((placement) => [
      placement.provider,
      placement.role,
      stateCell(placement.state),
      fallbackText(placement.fallback),
      placement.scope_id ?? '',
      errorText(placement.error, now),
    ]),
    out,
  )
}

/** Where a CDN looks for what it has no publisher for. */
export function fallbackText(fallback: PlacementAnswer['fallback']): string {
  if (fallback === undefined) return ''
  switch (fallback.to) {
    case 'nothing':
      return '-'
    case 'provider':
      return `→ ${fallback.provider ?? 'another CDN'}`
    case 'origin':
      return '→ origin'
    default:
      return fallback.to
  }
}

function errorText(error: PlacementAnswer['error'], now: number): string {
  if (error === undefined) return ''
  const next = error.retry_at === undefined ? 'not tried again' : `tried again ${relativeTime(error.retry_at, now)}`
  return `${error.code}: ${error.detail} (attempt ${error.attempts}, ${next})`
}

export function scopeListText(scopes: readonly ScopeAnswer[], out: Output, now: number): string {
  return renderTable(
    [
      { title: 'ID' },
      { title: 'NAME', wraps: true },
      { title: 'STATE' },
      { title: 'PRIMARY' },
      { title: 'SECONDARIES', wraps: true },
      { title: 'MADE' },
    ],
    scopes.map((scope) => [
      scope.scope_id,
      scope.name ?? '',
      stateCell(scope.state),
      scope.primary,
      scope.placements
        .filter(({ role }) => role !== 'primary')
        .map(({ provider }) => provider)
        .join(' '),
      relativeTime(scope.created_at, now),
    ]),
    out,
  )
}

/** Connect URLs on lines of their own: they are long, hold tokens, and are meant to be copied. */
export function credentialsText(answer: z.infer<typeof CredentialsAnswer>, out: Output): string {
  const lines = answer.credentials.flatMap((one) => [
    `${out.paint('bold', printable(one.provider))}  ${[one.role, one.rights.join(' and ')].map(printable).join(', ')}${
      one.expires_at === undefined ? '' : printable(`, until ${timeText(one.expires_at)}`)
    }`,
    `  ${printable(one.connect_url)}`,
  ])
  const withheld =
    answer.withheld === 0 ? [] : [`${answer.withheld} more may publish; the key of a reader does not get them.`]
  const all = [...(lines.length === 0 ? ['No CDN has a connect URL now.'] : lines), ...withheld]
  return `${all.join('\n')}\n`
}

export function eventsText(answer: z.infer<typeof EventsAnswer>, out: Output): string {
  return renderTable(
    [
      { title: '#', align: 'right' },
      { title: 'TIME (UTC)' },
      { title: 'EVENT' },
      { title: 'CDN' },
      { title: 'BY' },
      { title: 'DETAIL', wraps: true },
    ],
    answer.events.map((event) => [
      String(event.sequence),
      timeText(event.at),
      event.type,
      event.provider ?? '',
      event.by,
      event.detail,
    ]),
    out,
  )
}
