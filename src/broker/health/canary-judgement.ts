import type { BreakerSnapshot } from '../../adapters/breaker.ts'
import type { HealthState } from '../../routing/decision.ts'
import type { Observation } from './health-board.ts'
import type { CanaryPath, CanaryPublisherState } from './scope-watch.ts'

/** What is known of one provider at the end of an interval. */
export interface ProviderEvidence {
  /** Absent: no canary watches it. */
  readonly path?: CanaryPath
  /** The publisher that feeds the path; absent: there is none. */
  readonly publisher?: CanaryPublisherState
  readonly breaker?: BreakerSnapshot
  readonly health: HealthState
}

export interface JudgementLimits {
  readonly now: number
  /** Objects older than this are not fresh, and sessions younger than this are not blamed for it. */
  readonly freshMs: number
}

/**
 * What the evidence says of the provider, or `undefined` when it says nothing: then its health stays as it is.
 *
 * A secondary without objects is blamed only while the publisher is connected: otherwise there is nothing that could
 * come out. It then keeps its health, unless that is `unknown` or `down`: a relay that takes sessions is at least
 * `weak`, so that a failover finds a target even when it begins with a dead primary.
 */
export function judgeProvider(evidence: ProviderEvidence, limits: JudgementLimits): Observation | undefined {
  const { path, breaker } = evidence
  if (path === undefined) return judgeBreaker(breaker)
  const seen = judgePath(path, evidence, limits)
  if (seen?.outcome === 'good' && breaker?.state === 'open') {
    return { outcome: 'weak', reason: `objects arrive, but its API fails${lastError(breaker)}` }
  }
  return seen
}

function judgePath(path: CanaryPath, evidence: ProviderEvidence, limits: JudgementLimits): Observation | undefined {
  const { now, freshMs } = limits
  const { publisher } = evidence
  if (!path.connected) {
    return path.reason === undefined ? undefined : { outcome: 'bad', reason: `no canary session: ${path.reason}` }
  }
  if (path.lastObjectAt !== undefined && now - path.lastObjectAt <= freshMs) {
    return { outcome: 'good', reason: `canary objects arrive, the last after ${path.lastLatencyMs ?? 0} ms` }
  }
  if (publisher?.connected !== true) return judgeWithoutPublisher(path, evidence)
  if (now - publisher.since <= freshMs || now - path.since <= freshMs) return undefined
  const silentMs = now - Math.max(path.lastObjectAt ?? 0, publisher.since, path.since)
  return { outcome: 'weak', reason: `connected, but no objects for ${Math.round(silentMs)} ms` }
}

function judgeWithoutPublisher(path: CanaryPath, { publisher, health }: ProviderEvidence): Observation | undefined {
  if (path.role === 'primary' && publisher?.reason !== undefined) {
    return {
      outcome: 'weak',
      reason: `takes subscribers, but the canary publisher is not connected: ${publisher.reason}`,
    }
  }
  if (health === 'unknown' || health === 'down') {
    return {
      outcome: 'weak',
      reason: 'takes sessions; objects are not judged, because no canary publisher is connected',
    }
  }
  return undefined
}

/** From the provider's API alone: what real calls to it met lately. */
function judgeBreaker(breaker: BreakerSnapshot | undefined): Observation | undefined {
  if (breaker?.state === 'open') return { outcome: 'weak', reason: `its API fails${lastError(breaker)}` }
  if (breaker?.state === 'closed' && breaker.successes > 0) return { outcome: 'good', reason: 'its API answers' }
  return undefined
}

function lastError({ lastError: error }: BreakerSnapshot): string {
  return error === undefined ? '' : `: ${error.detail}`
}
