import type { Advertisement } from '../../fci/advertisement.ts'
import type { FciConfig } from '../config/fci-schema.ts'

export type GuardPolicy = FciConfig['guard']

/** What may be done with an advertisement that arrived. `because` is for people. */
export type GuardVerdict =
  | { readonly kind: 'accept'; readonly lostShare: number; readonly because?: string }
  | { readonly kind: 'hold'; readonly lostShare: number; readonly because: string }

/**
 * Whether a changed advertisement may replace the one in use. A CDN that withdraws says so by an advertisement of
 * nothing (RFC 9241 3.6; "not ready"), which is believed unless the policy says otherwise; one that goes on offering
 * itself to far fewer clients than before has more often made a mistake, which would move all other clients at once.
 *
 * @param lost - how much of what `before` covers is gone in `after`, 0 to 1.
 */
export function judgeChange(
  before: Advertisement | undefined,
  after: Advertisement,
  policy: GuardPolicy,
  lost: number,
): GuardVerdict {
  if (before === undefined || before.capabilities.length === 0) return { kind: 'accept', lostShare: 0 }
  if (policy.action === 'accept') return { kind: 'accept', lostShare: 0 }
  if (after.capabilities.length === 0 && policy.empty === 'accept') {
    return { kind: 'accept', lostShare: 1, because: 'it advertises nothing, which says "not ready"' }
  }
  if (lost === 0 || lost < policy.lost_share) return { kind: 'accept', lostShare: lost }
  const because = `it loses ${percent(lost)} of the coverage, the limit is ${percent(policy.lost_share)}`
  switch (policy.action) {
    case 'log':
      return { kind: 'accept', lostShare: lost, because }
    case 'hold':
      return { kind: 'hold', lostShare: lost, because }
  }
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
