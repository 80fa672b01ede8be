import { Counter, Histogram, Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { RequestMetrics } from '../../src/broker/request-metrics.ts'

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

it('requests and decisions come out as the metrics library writes them', async () => {
  const registers = [new Registry()]
  const requests = new Counter({
    name: 'moq_broker_http_requests_total',
    help: 'Answered requests',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const seconds = new Histogram({
    name: 'moq_broker_http_request_seconds',
    help: 'Time to answer',
    labelNames: ['method', 'route'],
    buckets: BUCKETS,
    registers,
  })
  const decisions = new Counter({
    name: 'moq_broker_decisions_total',
    help: 'Routing decisions by the provider chosen ("none": nobody may serve)',
    labelNames: ['provider', 'panic'],
    registers,
  })
  const ours = new RequestMetrics()
  for (const [method, route, status, took] of [
    ['GET', '/route', 200, 0],
    ['GET', '/route', 200, 0.001],
    ['GET', '/route', 404, 0.3],
    ['POST', '/route', 200, 99],
    ['GET', 'a "b" \\ c', 200, 0.02],
  ] as const) {
    ours.request(method, route, status, took)
    requests.inc({ method, route, status })
    seconds.observe({ method, route }, took)
  }
  for (const [provider, panic] of [
    ['cdn-a', false],
    ['cdn-a', true],
    [undefined, false],
  ] as const) {
    ours.decision(provider, panic)
    decisions.inc({ provider: provider ?? 'none', panic: String(panic) })
  }
  const lines = (text: string): readonly string[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .toSorted()
  expect(lines(ours.text())).toEqual(lines((await registers[0]?.metrics()) ?? ''))
})
