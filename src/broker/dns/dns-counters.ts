import type { DnsObserver, Transport } from '../../routing/dns/responder.ts'

/** Totals of one or several DNS processes, by label. */
export interface DnsTotals {
  /** By `transport type rcode`. */
  readonly answers: Readonly<Record<string, number>>
  readonly limited: { readonly truncate: number; readonly drop: number }
  /** Answers timed, by bound in seconds; cumulative, as Prometheus has them. */
  readonly timed: readonly number[]
  readonly timedSeconds: number
}

/** Upper bounds of the buckets, in seconds; behind them one without. */
export const DNS_BUCKETS = [
  0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.001, 0.005, 0.025, 0.1, 1,
] as const

export const NO_DNS_TOTALS: DnsTotals = {
  answers: {},
  limited: { truncate: 0, drop: 0 },
  timed: Array.from({ length: DNS_BUCKETS.length + 1 }, () => 0),
  timedSeconds: 0,
}

/** Types that have a label of their own; anybody can ask for the others. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'A'],
  [2, 'NS'],
  [5, 'CNAME'],
  [6, 'SOA'],
  [16, 'TXT'],
  [28, 'AAAA'],
  [65, 'HTTPS'],
  [255, 'ANY'],
  [257, 'CAA'],
])
const RCODES: ReadonlyMap<number, string> = new Map([
  [0, 'NOERROR'],
  [1, 'FORMERR'],
  [2, 'SERVFAIL'],
  [3, 'NXDOMAIN'],
  [4, 'NOTIMP'],
  [5, 'REFUSED'],
  [9, 'NOTAUTH'],
  [16, 'BADVERS'],
])
const RCODE_SLOTS = 32
const TYPE_SLOTS = 260

/** Counts without allocating: every answer passes here. */
export class DnsCounters implements DnsObserver {
  readonly #answers = new Float64Array(2 * TYPE_SLOTS * RCODE_SLOTS)
  #truncated = 0
  #dropped = 0
  readonly #timed = new Float64Array(DNS_BUCKETS.length + 1)
  #timedSeconds = 0

  answered(transport: Transport, type: number, rcode: number): void {
    const typeSlot = type < TYPE_SLOTS ? type : 0
    const slot = ((transport === 'udp' ? 0 : TYPE_SLOTS) + typeSlot) * RCODE_SLOTS + (rcode & (RCODE_SLOTS - 1))
    this.#answers[slot] = (this.#answers[slot] ?? 0) + 1
  }

  limited(verdict: 'truncate' | 'drop'): void {
    if (verdict === 'drop') this.#dropped++
    else this.#truncated++
  }

  /** From the receipt of a query to the sending of its answer; of some queries, since it costs. */
  took(seconds: number): void {
    let bucket = 0
    while (bucket < DNS_BUCKETS.length && seconds > (DNS_BUCKETS[bucket] ?? 0)) bucket++
    this.#timed[bucket] = (this.#timed[bucket] ?? 0) + 1
    this.#timedSeconds += seconds
  }

  totals(): DnsTotals {
    const answers: Record<string, number> = {}
    this.#answers.forEach((count, slot) => {
      if (count === 0) return
      const [rest, rcode] = [Math.floor(slot / RCODE_SLOTS), slot % RCODE_SLOTS]
      const transport = rest < TYPE_SLOTS ? 'udp' : 'tcp'
      const label = `${transport} ${TYPES.get(rest % TYPE_SLOTS) ?? 'other'} ${RCODES.get(rcode) ?? 'other'}`
      answers[label] = (answers[label] ?? 0) + count
    })
    let sum = 0
    const timed = Array.from(this.#timed, (count) => (sum += count))
    return {
      answers,
      limited: { truncate: this.#truncated, drop: this.#dropped },
      timed,
      timedSeconds: this.#timedSeconds,
    }
  }
}

export function addDnsTotals(one: DnsTotals, other: DnsTotals): DnsTotals {
  const answers = { ...one.answers }
  for (const [label, count] of Object.entries(other.answers)) answers[label] = (answers[label] ?? 0) + count
  return {
    answers,
    limited: {
      truncate: one.limited.truncate + other.limited.truncate,
      drop: one.limited.drop + other.limited.drop,
    },
    timed: one.timed.map((count, bucket) => count + (other.timed[bucket] ?? 0)),
    timedSeconds: one.timedSeconds + other.timedSeconds,
  }
}
