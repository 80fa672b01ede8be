import { heldBackText } from './advertisement-text.ts'
import type { ProviderAnswer } from './api-answers.ts'
import { formatOfState, relativeTime, stateCell, timeText } from './cells.ts'
import { ageInWords } from './duration.ts'
import { printable } from './printable-text.ts'
import { type Cell, renderFacts, renderTable } from './table.ts'
import type { Output } from './terminal.ts'

export function providerListText(providers: readonly ProviderAnswer[], out: Output): string {
  return renderTable(
    [
      { title: 'CDN' },
      { title: 'ADAPTER' },
      { title: 'STATE' },
      { title: 'HEALTH' },
      { title: 'BREAKER' },
      { title: 'ADVERTISED' },
      { title: 'NOTE', wraps: true },
    ],
    providers.map((one) => [
      one.provider,
      one.adapter,
      stateCell(one.administrative.state),
      stateCell(one.health.state),
      stateCell(one.breaker.state),
      advertisementCell(one),
      noteOf(one),
    ]),
    out,
  )
}

export function providerText(one: ProviderAnswer, out: Output, now: number): string {
  const { administrative, health, breaker, advertisement } = one
  const format = formatOfState(administrative.state)
  const state = printable(administrative.state)
  const title = `${out.paint('bold', `CDN ${printable(one.provider)} is `)}${format === undefined ? state : out.paint(format, state)}`
  const facts = renderFacts(
    [
      ['adapter', one.adapter],
      ['because', reasonOf(one)],
      ['health', `${health.state} since ${relativeTime(health.since, now)}: ${health.reason}`],
      ['breaker', `${breaker.state}, ${breaker.failures} failures`],
      ['last error', breaker.last_error === undefined ? undefined : errorText(breaker.last_error, now)],
      ['order', `priority ${one.priority} (lower is preferred), weight ${one.weight}`],
      ['advertised', advertisement === undefined ? 'nothing' : advertisementText(advertisement)],
      ['fetch', one.advertisement_error],
      [
        'held back',
        one.advertisement_held_back === undefined ? undefined : heldBackText(one.advertisement_held_back, now),
      ],
      ['abilities', abilitiesText(one.capabilities)],
    ],
    out,
    { indent: '  ' },
  )
  const diagnostics = (advertisement?.diagnostics ?? []).map(
    ({ severity, message, pointer }) => `  ${printable(`${severity} at ${pointer}: ${message}`)}\n`,
  )
  return `${title}\n${facts}${diagnostics.join('')}`
}

function advertisementCell({ advertisement }: ProviderAnswer): Cell {
  if (advertisement === undefined) return { text: 'nothing', format: 'yellow' }
  const age = `${ageInWords(advertisement.age_seconds * 1_000)} ago`
  if (advertisement.expired) return { text: `${age}, expired`, format: 'red' }
  return advertisement.stale ? { text: `${age}, stale`, format: 'yellow' } : age
}

function advertisementText(advertisement: NonNullable<ProviderAnswer['advertisement']>): string {
  const age = `confirmed ${ageInWords(advertisement.age_seconds * 1_000)} ago`
  const doubt = advertisement.expired ? ', expired' : advertisement.stale ? ', stale' : ''
  return `${[...new Set(advertisement.capability_types)].join(', ')}; ${age}${doubt}`
}

function noteOf(one: ProviderAnswer): string {
  const notes = [
    reasonOf(one),
    one.health.state === 'up' ? undefined : one.health.reason,
    one.breaker.state === 'closed' ? undefined : one.breaker.last_error?.detail,
    one.advertisement_error,
    one.advertisement_held_back === undefined
      ? undefined
      : `a new advertisement is held back: ${one.advertisement_held_back.because}`,
  ]
  return notes.filter((note) => note !== undefined).join('; ')
}

function reasonOf({ administrative }: ProviderAnswer): string | undefined {
  const { state, reason, expires_at: until } = administrative
  if (state === 'enabled' || reason === undefined) return undefined
  return until === undefined ? reason : `${reason}, until ${timeText(until)} UTC`
}

function errorText(error: NonNullable<ProviderAnswer['breaker']['last_error']>, now: number): string {
  return `${error.kind}: ${error.detail} (${relativeTime(error.at, now)})`
}

/** What the adapter can do: the names of what is true, and values. */
function abilitiesText(capabilities: Readonly<Record<string, unknown>>): string {
  return Object.entries(capabilities)
    .flatMap(([name, value]) => {
      const words = name.replaceAll('_', ' ')
      if (value === true) return [words]
      if (typeof value === 'string' || typeof value === 'number') return [`${words} ${value}`]
      if (Array.isArray(value) && value.length > 0) {
        return [`${words} ${value.map((one) => (Array.isArray(one) ? one.join('+') : String(one))).join('/')}`]
      }
      return []
    })
    .join(', ')
}
