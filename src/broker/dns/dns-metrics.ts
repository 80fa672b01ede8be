import { Counter, type Registry } from 'prom-client'
import { DNS_BUCKETS, type DnsTotals } from './dns-counters.ts'

/** Shows the totals of a DNS server, as they are when somebody looks. */
export function registerDnsMetrics(registry: Registry, totals: () => DnsTotals): void {
  const show = (name: string, help: string, labelNames: readonly string[], rows: (now: DnsTotals) => Rows): void => {
    registry.registerMetric(
      new Counter({
        name,
        help,
        labelNames: [...labelNames],
        registers: [],
        collect() {
          this.reset()
          for (const [labels, value] of rows(totals())) this.inc(labels, value)
        },
      }),
    )
  }
  show(
    'moq_broker_dns_answers_total',
    'DNS answers by transport, type of the question and response code',
    ['transport', 'type', 'rcode'],
    ({ answers }) =>
      Object.entries(answers).map(([label, count]) => {
        const [transport = '', type = '', rcode = ''] = label.split(' ')
        return [{ transport, type, rcode }, count]
      }),
  )
  show(
    'moq_broker_dns_rate_limited_total',
    'DNS answers that response rate limiting cut or dropped',
    ['verdict'],
    ({ limited }) => [
      [{ verdict: 'truncate' }, limited.truncate],
      [{ verdict: 'drop' }, limited.drop],
    ],
  )
  show(
    'moq_broker_dns_answer_seconds_bucket',
    'Time from a DNS query over UDP to its answer; one query in 64 is timed',
    ['le'],
    ({ timed }) => timed.map((count, bucket) => [{ le: String(DNS_BUCKETS[bucket] ?? '+Inf') }, count]),
  )
  show('moq_broker_dns_answer_seconds_sum', 'Sum of the timed answers', [], ({ timedSeconds }) => [[{}, timedSeconds]])
  show('moq_broker_dns_answer_seconds_count', 'Number of the timed answers', [], ({ timed }) => [
    [{}, timed.at(-1) ?? 0],
  ])
}

type Rows = readonly (readonly [Record<string, string>, number])[]
