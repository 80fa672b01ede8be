import { formatPrefix } from '../../../fci/prefix.ts'
import type { Role } from '../../key-service.ts'
import type { RouteAnswer } from '../../route-service.ts'
import type { DecisionWire } from './route-schemas.ts'

export const WITHHELD = 'Every URL of this provider may publish, and a reader key may not have such a URL.'

export interface DecisionView {
  readonly role: Role
  readonly explain: boolean
  /** Milliseconds since the epoch; ages in explanations count from it. */
  readonly now: number
}

export function decisionToWire(answer: RouteAnswer, view: DecisionView): DecisionWire {
  const { decision } = answer
  const behind = view.explain ? decision.behind : []
  return {
    client: decision.client,
    candidates: decision.candidates.map((candidate, index) => {
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
        behind: index === 0 ? undefined : behind[index - 1],
      }
    }),
    ttl_seconds: decision.ttlSeconds,
    panic: decision.panic,
    ...(view.explain
      ? {
          policy: decision.policy,
          versions: answer.versions,
          coverage: coverageToWire(answer, view.now),
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

function coverageToWire({ coverage, sameFor }: RouteAnswer, now: number): DecisionWire['coverage'] {
  if (coverage === undefined) return undefined
  return {
    class: coverage.classId,
    prefix: formatPrefix(coverage.prefix),
    answer_prefix: formatPrefix(sameFor ?? coverage.prefix),
    map: coverage.map,
    age_seconds: Math.max(0, Math.round((now - coverage.madeAt) / 1000)),
    kept: coverage.kept,
    read_plainly: coverage.readPlainly,
  }
}

/** What is signed: everything but the secrets, and how long it holds. */
export function decisionClaims(answer: RouteAnswer, now: number): Readonly<Record<string, unknown>> {
  const { candidates, ...decision } = decisionToWire(answer, { role: 'reader', explain: true, now })
  const issued = Math.floor(now / 1000)
  return {
    iss: 'moq-broker',
    iat: issued,
    exp: issued + decision.ttl_seconds,
    ...decision,
    candidates: candidates.map(({ connect_url: _url, connect_url_withheld: _withheld, ...candidate }) => candidate),
  }
}

export function holdsConnectUrl(decision: DecisionWire): boolean {
  return decision.candidates.some((candidate) => candidate.connect_url !== undefined)
}
