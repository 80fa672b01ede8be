import type { AnswerSource } from '../../routing/dns/answer-source.ts'
import type { Log } from '../log.ts'
import type { DnsTotals } from './dns-counters.ts'

/** A running DNS server. Disposing it closes its sockets and ends its processes. */
export interface DnsServer extends AsyncDisposable {
  /** UDP and TCP at each address share a port. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[]
  /** Of all its processes, dead ones included. */
  totals(): DnsTotals
}

export interface DnsServerDeps {
  readonly source: AnswerSource
  readonly log: Log
  readonly now: () => number
  readonly random: () => number
  readonly cookieSecret: Uint8Array
  readonly scopeNames: readonly string[]
}

/** Each address once. */
export function addressesOf(
  listeners: readonly { readonly host: string; readonly port: number }[],
): DnsServer['addresses'] {
  return [...new Map(listeners.map(({ host, port }) => [`${host} ${port}`, { host, port }])).values()]
}

/** How a worker's process is started: the built program from the built one, the source from the source. */
export interface WorkerProgram {
  readonly entry: string
  readonly execArgv: readonly string[]
}
