import { valueText } from '../../fci/capability-summary.ts'
import type { AdvertisementReport, Envelope } from '../../fci/check-advertisement.ts'
import type { MetadataReport } from '../../fci/check-metadata.ts'
import type { NamedReport } from '../../fci/check-named-document.ts'
import type { CoverageSummary } from '../../fci/coverage-summary.ts'
import { formatPrefix } from '../../fci/prefix.ts'
import type { GeofeedReport } from '../../routing/geofeed-lint.ts'
import { timeText } from './cells.ts'
import type { CheckedDocument } from './fci-check.ts'
import { counted, coverageWords, numberText, someOf } from './fci-words.ts'
import { printable, wrapText } from './printable-text.ts'
import { renderFacts, renderTable } from './table.ts'
import type { Output } from './terminal.ts'

const INDENT = '  '
/** Of findings of one code. */
const MAX_ALIKE = 5
const MAX_CAPABILITIES = 40

interface Listed {
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly line?: number
  readonly pointer?: string
  readonly message: string
  readonly rule: string
}

/** What was found, for people. */
export function checkText(checked: CheckedDocument, out: Output): string {
  const { report } = checked
  const parts = [headline(checked, out), findingsText(listed(checked), out), reportText(report, out)]
  return parts.filter((part) => part !== '').join('\n')
}

function reportText(report: CheckedDocument['report'], out: Output): string {
  switch (report.kind) {
    case 'advertisement':
      return understoodText(report, out)
    case 'footprints':
      return namedText(report, out)
    case 'metadata':
      return metadataText(report, out)
    case 'geofeed':
      return geofeedText(report, out)
  }
}

/** The same as one JSON document. */
export function checkJson({ report, ...checked }: CheckedDocument): unknown {
  switch (report.kind) {
    case 'geofeed':
      return { ...report, ...checked, prefixes: report.prefixes.length }
    case 'footprints':
    case 'metadata':
      return { ...checked, ...report }
    case 'advertisement': {
      const { understood, ...rest } = report
      if (understood === undefined) return { ...checked, ...rest }
      const { capabilities, moq, delivery } = understood
      return { ...checked, ...rest, understood: { capabilities, ...(moq && { moq }), ...(delivery && { delivery }) } }
    }
  }
}

const ENVELOPES: Readonly<Record<Envelope, string>> = {
  rfc8008: 'an advertisement (RFC 8008)',
  rfc9241: 'an advertisement in the form of ALTO (RFC 9241)',
  array: 'an array of advertisements (Open Caching)',
}

function headline({ name, report, errors, warnings }: CheckedDocument, out: Output): string {
  const what = kindText(report)
  const verdict =
    errors > 0
      ? out.paint('red', counted(errors, 'error'))
      : warnings === 0
        ? out.paint('green', 'nothing to remark')
        : out.paint('green', 'no errors')
  const rest = warnings === 0 ? '' : `, ${out.paint('yellow', counted(warnings, 'warning'))}`
  return `${out.paint('bold', printable(name))}: ${what}; ${verdict}${rest}\n`
}

function kindText(report: CheckedDocument['report']): string {
  switch (report.kind) {
    case 'geofeed':
      return 'a geofeed (RFC 8805)'
    case 'footprints':
      return report.understood === undefined ? 'no named footprints' : 'named footprints ([NF])'
    case 'metadata':
      return 'metadata, as far as private features go ([PF])'
    case 'advertisement':
      return report.envelope === undefined ? 'no advertisement' : ENVELOPES[report.envelope]
  }
}

function listed({ report, mediaType }: CheckedDocument): readonly Listed[] {
  const about = mediaType === undefined ? [] : [{ ...mediaType, rule: mediaType.clause }]
  const findings: readonly (Omit<Listed, 'rule'> & { readonly clause: string; readonly explanation: string })[] =
    report.findings
  return [...about, ...findings.map((one) => ({ ...one, rule: `${one.clause}: ${one.explanation}` }))]
}

/** Errors first; of many alike only the first ones. */
function findingsText(findings: readonly Listed[], out: Output): string {
  const blocks: string[] = []
  for (const severity of ['error', 'warning'] as const) {
    const byCode = groupByCode(findings.filter((one) => one.severity === severity))
    for (const [code, alike] of byCode) {
      const [first] = alike
      if (first === undefined) continue
      const title = `${out.paint(severity === 'error' ? 'red' : 'yellow', severity)} ${out.paint('bold', code)}`
      const rule = wrapped(first.rule, out, '    ').map((line) => out.paint('dim', line))
      const places = alike.slice(0, MAX_ALIKE).flatMap((one) => wrapped(placeAndMessage(one), out, '    '))
      const more = alike.length > MAX_ALIKE ? [`    and ${numberText(alike.length - MAX_ALIKE)} more like these`] : []
      blocks.push(`${[`${INDENT}${title}`, ...rule, ...places, ...more].join('\n')}\n`)
    }
  }
  return blocks.join('\n')
}

function groupByCode(findings: readonly Listed[]): ReadonlyMap<string, readonly Listed[]> {
  const groups = new Map<string, Listed[]>()
  for (const one of findings) {
    const group = groups.get(one.code)
    if (group === undefined) groups.set(one.code, [one])
    else group.push(one)
  }
  return groups
}

function placeAndMessage({ line, pointer, message }: Listed): string {
  const place = [line === undefined ? '' : `line ${line}`, pointer ?? ''].filter((one) => one !== '').join(' ')
  return place === '' ? message : `${place}: ${message}`
}

function wrapped(text: string, out: Output, indent: string): readonly string[] {
  return wrapText(printable(text), out.width - indent.length).map((line) => `${indent}${line}`)
}

function understoodText({ understood }: AdvertisementReport, out: Output): string {
  if (understood === undefined) return 'A broker would keep what it had before.\n'
  const { capabilities, moq, delivery } = understood
  if (capabilities.length === 0) return 'A broker would understand that this CDN can serve nothing (RFC 9241 3.6).\n'
  const shown = capabilities.slice(0, MAX_CAPABILITIES)
  const table = renderTable(
    [{ title: 'CAPABILITY' }, { title: 'VALUE', wraps: true }, { title: 'FOR', wraps: true }],
    shown.map((one) => [
      one.isUnderstood ? one.type : { text: `${one.type} (opaque)`, format: 'dim' },
      shorten(valueText(one), 160),
      coverageWords(one.coverage),
    ]),
    out,
    { indent: INDENT },
  )
  const more =
    capabilities.length > shown.length ? `${INDENT}and ${counted(capabilities.length - shown.length, 'more')}\n` : ''
  const facts = renderFacts(
    [
      ['MoQ', moq === undefined ? 'not said' : coverageSentence(moq)],
      ['delivery', delivery === undefined ? 'nowhere' : coverageSentence(delivery)],
    ],
    out,
    { indent: INDENT },
  )
  return `${out.paint('bold', 'A broker would understand:')}\n${table}${more}\n${out.paint('bold', 'Where it serves:')}\n${facts}`
}

function coverageSentence(coverage: CoverageSummary): string {
  const cidrs = [
    coverage.ipv4Cidrs === 0 ? '' : `${numberText(coverage.ipv4Cidrs)} IPv4`,
    coverage.ipv6Cidrs === 0 ? '' : `${numberText(coverage.ipv6Cidrs)} IPv6`,
  ].filter((one) => one !== '')
  const notes = [
    cidrs.length === 0
      ? ''
      : `in ${cidrs.join(' and ')} ${coverage.ipv4Cidrs + coverage.ipv6Cidrs === 1 ? 'prefix' : 'prefixes'}`,
    coverage.narrowed === 0 ? '' : `${counted(coverage.narrowed, 'combination')} of constraints narrowing each other`,
    coverage.unknown === 0 ? '' : `${counted(coverage.unknown, 'footprint')} not understood, for nobody`,
  ].filter((one) => one !== '')
  const words = coverageWords(coverage, 12)
  return notes.length === 0 ? words : `${words} (${notes.join(', ')})`
}

function namedText({ understood }: NamedReport, out: Output): string {
  if (understood === undefined) return 'A broker would keep what it had before.\n'
  const table = renderTable(
    [{ title: 'NAMESPACE' }, { title: 'FOOTPRINT' }, { title: 'EXPIRES' }, { title: 'HOLDS', wraps: true }],
    understood
      .slice(0, MAX_CAPABILITIES)
      .map(({ namespace = '', level, name, expiresAt, coverage }) => [
        namespace,
        `${'  '.repeat(level)}${name}`,
        expiresAt === undefined ? '' : timeText(new Date(expiresAt).toISOString()),
        coverageWords(coverage),
      ]),
    out,
    { indent: INDENT },
  )
  const further = understood.length - MAX_CAPABILITIES
  const more = further > 0 ? `${INDENT}and ${counted(further, 'more footprint')}\n` : ''
  return `${out.paint('bold', 'A broker would understand:')}\n${table}${more}`
}

function metadataText({ understood }: MetadataReport, out: Output): string {
  if (understood === undefined) return 'A broker would keep what it had before.\n'
  const table = renderTable(
    [
      { title: 'PLACE' },
      { title: 'TO BE ENFORCED', wraps: true },
      { title: 'PRIVATE FEATURES', wraps: true },
      { title: '' },
    ],
    understood
      .slice(0, MAX_CAPABILITIES)
      .map(({ place, mandatory, features, isBlocked }) => [
        place.length === 0 ? '(everywhere)' : place.join(' '),
        mandatory.join(', '),
        features.map(({ oid, type, form }) => `${type} of ${oid} (${form})`).join(', '),
        isBlocked ? { text: 'must not be served', format: 'red' } : '',
      ]),
    out,
    { indent: INDENT },
  )
  return `${out.paint('bold', 'In force:')}\n${table}`
}

function geofeedText(report: GeofeedReport, out: Output): string {
  const { entries, discarded, withoutLocation, countries, subdivisions, prefixes } = report
  const v4 = prefixes.filter(({ version }) => version === 4).length
  const facts = renderFacts(
    [
      ['entries', `${counted(entries, 'entry', 'entries')} used, ${numberText(discarded)} discarded`],
      ['prefixes', `${numberText(v4)} IPv4 and ${numberText(prefixes.length - v4)} IPv6`],
      ['countries', countries.length === 0 ? 'none' : countryText(countries)],
      ['regions', numberText(subdivisions)],
      ['no geolocation', withoutLocation === 0 ? undefined : counted(withoutLocation, 'entry', 'entries')],
      ['for example', prefixes[0] === undefined ? undefined : formatPrefix(prefixes[0])],
    ],
    out,
    { indent: INDENT },
  )
  const verdict = report.isUsable
    ? 'A broker would understand:'
    : 'A broker would not use it and keep the one it had. It holds:'
  return `${out.paint('bold', verdict)}\n${facts}`
}

function countryText(countries: GeofeedReport['countries']): string {
  const names = countries.map(([country, count]) => `${country.toUpperCase()} ${numberText(count)}`)
  return `${numberText(countries.length)}: ${someOf(
    names.map((name) => `${name},`),
    12,
  ).replace(/,(?=$| and)/, '')}`
}

function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text
}
