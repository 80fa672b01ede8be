const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const
const REQUESTS = 'moq_broker_http_requests_total'
const SECONDS = 'moq_broker_http_request_seconds'
const DECISIONS = 'moq_broker_decisions_total'

interface Series {
  readonly method: string
  readonly route: string
  readonly byStatus: Map<number, number>
  /** Observations up to and including each bound, not cumulated. */
  readonly buckets: Float64Array
  sum: number
  count: number
}

/**
 * Counts requests and decisions in plain numbers. They come with every look-up, where the label maps of a metrics
 * library would cost as much as the decision; the text is only made when somebody asks for it.
 */
export class RequestMetrics {
  readonly #routes = new Map<string, Map<string, Series>>()
  readonly #decisions = new Map<string, { usual: number; panic: number }>()

  /** One answered request; `route` is a pattern. */
  request(method: string, route: string, status: number, seconds: number): void {
    const series = this.#routes.get(route)?.get(method) ?? this.#add(method, route)
    series.byStatus.set(status, (series.byStatus.get(status) ?? 0) + 1)
    let bucket = 0
    while (bucket < BUCKETS.length && seconds > (BUCKETS[bucket] ?? 0)) bucket += 1
    series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1
    series.sum += seconds
    series.count += 1
  }

  /** One routing decision; no provider: nobody may serve. */
  decision(provider: string | undefined, panic: boolean): void {
    const name = provider ?? 'none'
    let counts = this.#decisions.get(name)
    if (counts === undefined) {
      counts = { usual: 0, panic: 0 }
      this.#decisions.set(name, counts)
    }
    if (panic) counts.panic += 1
    else counts.usual += 1
  }

  /** Prometheus text exposition format. */
  text(): string {
    const series = [...this.#routes.values()].flatMap((methods) => [...methods.values()])
    return [
      ...head(REQUESTS, 'counter', 'Answered requests'),
      ...series.flatMap(({ method, route, byStatus }) =>
        [...byStatus].map(([status, n]) => `${REQUESTS}{${labels({ method, route, status: String(status) })}} ${n}`),
      ),
      ...head(SECONDS, 'histogram', 'Time to answer'),
      ...series.flatMap(histogramLines),
      ...head(DECISIONS, 'counter', 'Routing decisions by the provider chosen ("none": nobody may serve)'),
      ...[...this.#decisions].flatMap(([provider, { usual, panic }]) => [
        ...(usual > 0 ? [`${DECISIONS}{${labels({ provider, panic: 'false' })}} ${usual}`] : []),
        ...(panic > 0 ? [`${DECISIONS}{${labels({ provider, panic: 'true' })}} ${panic}`] : []),
      ]),
      '',
    ].join('\n')
  }

  #add(method: string, route: string): Series {
    const buckets = new Float64Array(BUCKETS.length + 1)
    const series: Series = { method, route, byStatus: new Map(), buckets, sum: 0, count: 0 }
    const methods = this.#routes.get(route) ?? new Map<string, Series>()
    methods.set(method, series)
    this.#routes.set(route, methods)
    return series
  }
}

function histogramLines({ method, route, buckets, sum, count }: Series): readonly string[] {
  const own = labels({ method, route })
  let sofar = 0
  const lines = BUCKETS.map((bound, index) => {
    sofar += buckets[index] ?? 0
    return `${SECONDS}_bucket{le="${bound}",${own}} ${sofar}`
  })
  return [
    ...lines,
    `${SECONDS}_bucket{le="+Inf",${own}} ${count}`,
    `${SECONDS}_sum{${own}} ${sum}`,
    `${SECONDS}_count{${own}} ${count}`,
  ]
}

function head(name: string, type: string, help: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}

function labels(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`))}"`)
    .join(',')
}
