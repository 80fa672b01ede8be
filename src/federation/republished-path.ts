import type { CdnPath } from '../fci/cdn-path.ts'
import { leadsThrough, veilProviderId } from '../fci/cdn-path.ts'

/** Who passes something on, from whom, to whom. All ids in the form of `readProviderId`. */
export interface Passage {
  readonly own: string
  /** Absent: it is no gateway and has no id; what it says begins here. */
  readonly from?: string
  /** Absent: the receiver is no gateway, such as the broker's own operator. */
  readonly to?: string
  readonly maxHops: number
  readonly paths: 'plain' | 'veiled'
}

export type RepublishedPath =
  | { readonly kind: 'path'; readonly path: Required<CdnPath> }
  | { readonly kind: 'refused'; readonly because: 'loop' | 'hops' }

/**
 * The path of something on its way out, or why it may not leave: it has been here or at the receiver before (MUST of
 * draft-lefaucheur-cdni-requirements R14, R21), or it has been through too many hands. A gateway that gives no path
 * counts as one of its own id.
 */
export function republishPath(given: CdnPath, passage: Passage): RepublishedPath {
  const { own, from, to } = passage
  const steps = [...(given.cdnPath ?? [])]
  if (from !== undefined && !leadsThrough(steps, from)) steps.push(from)
  if (leadsThrough(steps, own) || (to !== undefined && leadsThrough(steps, to))) {
    return { kind: 'refused', because: 'loop' }
  }
  const maxHops = Math.min(given.maxHops ?? passage.maxHops, passage.maxHops)
  if (steps.length + 1 > maxHops) return { kind: 'refused', because: 'hops' }
  const told = passage.paths === 'veiled' ? steps.map(veilProviderId) : steps
  return { kind: 'path', path: { cdnPath: [...told, own], maxHops } }
}
