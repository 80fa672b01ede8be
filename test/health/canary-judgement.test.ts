import { describe, expect, it } from 'vitest'
import type { BreakerSnapshot } from '../../src/adapters/breaker.ts'
import { judgeProvider, type ProviderEvidence } from '../../src/broker/health/canary-judgement.ts'
import type { CanaryPath, CanaryPublisherState } from '../../src/broker/health/scope-watch.ts'

const NOW = 100_000
const FRESH_MS = 2_100
const LONG_AGO = NOW - 60_000

const path: CanaryPath = { provider: 'x', role: 'secondary', connected: true, since: LONG_AGO, objects: 0 }
const publisher: CanaryPublisherState = { provider: 'p', connected: true, since: LONG_AGO }
const breaker: BreakerSnapshot = {
  state: 'closed',
  failures: 0,
  successes: 0,
  rejects: 0,
  latencyMs: { p50: 0, p99: 0 },
}
const lost: CanaryPublisherState = { provider: 'p', connected: false, since: LONG_AGO, reason: 'refused: no' }

function judge(evidence: Partial<ProviderEvidence>): string {
  const seen = judgeProvider({ health: 'up', ...evidence }, { now: NOW, freshMs: FRESH_MS })
  return seen === undefined ? 'nothing' : `${seen.outcome}: ${seen.reason}`
}

describe('the judgement of a provider that canaries watch', () => {
  it.each<[string, Partial<ProviderEvidence>, string]>([
    [
      'serves when fresh objects arrive',
      { path: { ...path, lastObjectAt: NOW - FRESH_MS, lastLatencyMs: 4 }, publisher },
      'good: canary objects arrive, the last after 4 ms',
    ],
    [
      'does not serve when its session is gone',
      { path: { ...path, connected: false, reason: 'unreachable: no connection' }, publisher },
      'bad: no canary session: unreachable: no connection',
    ],
    ['is not judged during the first attempt', { path: { ...path, connected: false }, publisher }, 'nothing'],
    [
      'is weak when it is connected and silent though somebody publishes',
      { path: { ...path, lastObjectAt: NOW - 5_000 }, publisher },
      'weak: connected, but no objects for 5000 ms',
    ],
    [
      'is not blamed for silence while the publisher is new',
      { path: { ...path, lastObjectAt: NOW - 5_000 }, publisher: { ...publisher, since: NOW - 1_000 } },
      'nothing',
    ],
    [
      'is not blamed for silence while it is new itself',
      { path: { ...path, since: NOW - 1_000 }, publisher },
      'nothing',
    ],
    [
      'keeps its health without a publisher when it is a secondary that is up',
      { path: { ...path, lastObjectAt: NOW - 5_000 }, publisher: lost },
      'nothing',
    ],
    [
      'keeps its health without a publisher when it is degraded',
      { path, publisher: lost, health: 'degraded' },
      'nothing',
    ],
    [
      'is weak without a publisher when it was down but takes sessions',
      { path, publisher: lost, health: 'down' },
      'weak: takes sessions; objects are not judged, because no canary publisher is connected',
    ],
    [
      'is weak without a publisher when nothing was known of it',
      { path, health: 'unknown' },
      'weak: takes sessions; objects are not judged, because no canary publisher is connected',
    ],
    [
      'is weak as a primary that takes subscribers but not the publisher',
      { path: { ...path, role: 'primary' }, publisher: lost },
      'weak: takes subscribers, but the canary publisher is not connected: refused: no',
    ],
    [
      'is weak when objects arrive but its API fails',
      {
        path: { ...path, lastObjectAt: NOW },
        publisher,
        breaker: { ...breaker, state: 'open', lastError: { kind: 'timeout', detail: 'no answer', at: 0 } },
      },
      'weak: objects arrive, but its API fails: no answer',
    ],
    [
      'does not serve without a session however well its API answers',
      {
        path: { ...path, connected: false, reason: 'timeout: late' },
        publisher,
        breaker: { ...breaker, successes: 9 },
      },
      'bad: no canary session: timeout: late',
    ],
  ])('%s', (_, evidence, expected) => {
    expect(judge(evidence)).toBe(expected)
  })
})

describe('the judgement of a provider that only its API tells of', () => {
  it.each<[string, Partial<BreakerSnapshot> | undefined, string]>([
    ['is weak when its breaker is open', { state: 'open' }, 'weak: its API fails'],
    ['is good when calls succeed', { successes: 1 }, 'good: its API answers'],
    ['is not judged without calls', {}, 'nothing'],
    ['is not judged while its breaker tries again', { state: 'half_open', successes: 1 }, 'nothing'],
    ['is not judged when nothing is known', undefined, 'nothing'],
  ])('%s', (_, snapshot, expected) => {
    expect(judge(snapshot === undefined ? {} : { breaker: { ...breaker, ...snapshot } })).toBe(expected)
  })
})
