import type { PathVerification } from '../health/canary-verification.ts'
import { LAB_ZONE } from '../lab-names.ts'
import type { ScopeView } from '../scopes/scope-service.ts'
import { formatOfState, stateCell } from './cells.ts'
import { durationInWords } from './duration.ts'
import { fallbackText } from './scope-text.ts'
import { type Cell, renderFacts, renderTable } from './table.ts'
import type { Output } from './terminal.ts'

export interface ReadyFacts {
  readonly version: string
  readonly url: string
  readonly data: string
  readonly logFile: string
  readonly readyMs: number
  readonly scope: ScopeView | undefined
  readonly paths: readonly PathVerification[]
  /** By provider: `extended`, say. */
  readonly kinds: ReadonlyMap<string, string>
  /** Where DNS is served. */
  readonly dns?: { readonly host: string; readonly port: number } | undefined
  /** Only where this start made one. */
  readonly adminKey?: string
}

/** What stands on the terminal when everything runs: fits 80 columns and 30 lines. */
export function readyText(facts: ReadyFacts, out: Output): string {
  return [headText(facts, out), scopeText(facts, out), nextText(facts, out)].join('\n')
}

function headText(facts: ReadyFacts, out: Output): string {
  const { dns } = facts
  const ready = out.paint('green', `ready in ${durationInWords(facts.readyMs)}`)
  const rest = renderFacts(
    [
      ['broker', facts.url],
      ...(dns === undefined ? [] : [['dns', `${dns.host}:${dns.port}   (zone: ${LAB_ZONE})`] as const]),
      ['data', `${facts.data}   (log: ${facts.logFile})`],
    ],
    out,
    { indent: '  ' },
  )
  return `${out.paint('bold', `moq-broker ${facts.version}`)}  ${ready}\n${rest}`
}

function scopeText({ scope, paths, kinds }: ReadyFacts, out: Output): string {
  if (scope === undefined) return `${out.paint('red', 'The demo scope is not there; the log says why.')}\n`
  const format = formatOfState(scope.state)
  const state = format === undefined ? scope.state : out.paint(format, scope.state)
  const table = renderTable(
    [
      { title: 'CDN' },
      { title: 'KIND' },
      { title: 'ROLE' },
      { title: 'STATE' },
      { title: 'FALLBACK' },
      { title: 'CANARY VIA THIS CDN', wraps: true },
    ],
    scope.placements.map((placement) => [
      placement.provider,
      kinds.get(placement.provider) ?? '',
      placement.role,
      stateCell(placement.state),
      fallbackText(placement.fallback),
      pathCell(paths.find(({ provider }) => provider === placement.provider)),
    ]),
    out,
    { indent: '  ' },
  )
  return `${out.paint('bold', `Scope ${scope.name ?? scope.id}`)}  ${scope.id}  ${state}\n${table}`
}

function pathCell(path: PathVerification | undefined): Cell {
  switch (path?.outcome) {
    case undefined:
      return ''
    case 'received':
      return { text: path.latencyMs < 1 ? '< 1 ms' : durationInWords(path.latencyMs), format: 'green' }
    case 'failed':
      return { text: path.reason, format: 'red' }
    case 'skipped':
      return { text: path.reason, format: 'yellow' }
  }
}

const DEFAULT_URL = 'http://127.0.0.1:8080'
/** Three clients of the lab's small world whom three CDNs serve (`GEO_SAMPLE`). */
const SAMPLE_CLIENTS = '192.0.2.7 198.51.100.7 203.0.113.7'

function nextText({ url, adminKey, scope, dns }: ReadyFacts, out: Output): string {
  const secondary = scope?.placements.find(({ role }) => role === 'secondary')?.provider ?? 'cdn-b'
  const primary = scope?.primary ?? 'cdn-a'
  const title =
    adminKey === undefined
      ? 'Try next, with MOQ_BROKER_KEY as the first start printed it:'
      : 'Try next, in another terminal in this folder (the key is shown only now):'
  const commands = [
    ...(adminKey === undefined ? [] : [`export MOQ_BROKER_KEY=${adminKey}`]),
    ...(url === DEFAULT_URL ? [] : [`export MOQ_BROKER_URL=${url}`]),
    'npx moq-broker scope show demo',
    `npx moq-broker route ${SAMPLE_CLIENTS}`,
    'npx moq-broker coverage',
    `npx moq-broker provider drain ${secondary} --reason "trying it" --for 5m`,
    `npx moq-broker provider enable ${secondary}`,
    `npx moq-broker drill run --provider ${primary} --method fault`,
    'npx moq-broker scope failover demo',
    `curl -sH "X-API-Key: $MOQ_BROKER_KEY" "${url.replace('http://', '')}/route?client=192.0.2.7"`,
    ...(dns === undefined ? [] : [`dig @${dns.host} -p ${dns.port} demo.${LAB_ZONE} +subnet=192.0.2.0/24 +short`]),
  ]
  const lost = adminKey === undefined ? ['Key lost? npm start -- --new-admin-key prints another.'] : []
  const notes = [...lost, 'Ctrl-C stops everything; the next start finds its scopes again.']
  return [
    out.paint('bold', title),
    ...commands.map((command) => out.paint('cyan', command)),
    '',
    ...notes.map((note) => out.paint('dim', note)),
    '',
  ].join('\n')
}
