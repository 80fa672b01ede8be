import type { Role } from '../../key-service.ts'
import type { RouteAnswer } from '../../route-service.ts'
import type { DecisionWire } from './route-schemas.ts'

export const WITHHELD = 'Every URL of this provider may publish, and a reader key may not have such a URL.'

export interface DecisionView {
  readonly role: Role
  readonly explain: boolean
}

export function decisionToWire(answer: RouteAnswer, view: DecisionView): DecisionWire {
  const { decision } = answer
  return {
    client: decision.client,
    candidates: decision.candidates.map((candidate) => {
      const url = answer.connectUrls.get(candidate.provider)
      const permitted = url !== undefined && (view.role !== 'reader' || !url.publishCapable)
      return {
        provider: candidate.provider,
        connect_url: permitted ? url.url : undefined,
        connect_url_withheld: url === undefined || permitted ? undefined : WITHHELD,
        matched: {
          type: candidate.matched.type,
          value: candidate.matched.value,
          prefix_length: candidate.matched.prefixLength,
        },
        priority: candidate.priority,
        weight: candidate.weight,
        because: view.explain ? candidate.because : undefined,
      }
    }),
    ttl_seconds: decision.ttlSeconds,
    panic: decision.panic,
    ...(view.explain
      ? {
          policy: decision.policy,
          rejected: decision.rejected,
          advertisements: decision.advertisements.map((used) => ({
            provider: used.provider,
            version: used.version,
            age_seconds: used.ageSeconds,
            stale: used.stale,
          })),
        }
      : {}),
  }
}

export function holdsConnectUrl(decision: DecisionWire): boolean {
  return decision.candidates.some((candidate) => candidate.connect_url !== undefined)
}
