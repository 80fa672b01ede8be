import type { SpaceEffect } from '../../routing/policy-file/compare-effect.ts'
import type { PolicyDocument, PolicyFinding } from '../../routing/policy-file/policy-document.ts'
import type { TrafficEffect } from '../../routing/replay/compare-traffic.ts'
import type { PolicyFileStatus } from './policy-file.ts'
import type { PolicyEvent } from './policy-record.ts'

/** The policy as it stands. */
export interface PolicyView {
  /** Changes with every change of anything here. */
  readonly version: number
  readonly revision: string
  readonly document: PolicyDocument
  readonly candidate?: { readonly revision: string; readonly share: number; readonly document: PolicyDocument }
  /** Revisions that can be gone back to, the latest last. */
  readonly earlier: readonly string[]
  /** The latest last. */
  readonly events: readonly PolicyEvent[]
  /** What the current document is warned of. */
  readonly findings: readonly PolicyFinding[]
  /** The configured policy file; it is in use while its revision is that of the policy. */
  readonly file?: PolicyFileStatus
}

/** What a candidate would change. */
export interface PolicyEffect {
  readonly findings: readonly PolicyFinding[]
  /** Undefined: there is no coverage map yet. */
  readonly space: readonly SpaceEffect[] | undefined
  /** Of the decisions that were recorded lately; undefined: none were. */
  readonly traffic: TrafficEffect | undefined
}

/** Who changes the policy, why, and from which version on (`If-Match`). */
export interface PolicyChange {
  readonly by: string
  readonly reason?: string
  readonly expected?: number
}

/**
 * Changes of the policy. Throws `BrokerError`: `invalid_request` with pointers for a document with errors,
 * `revision_mismatch`, `invalid_state`, `store_unavailable`.
 */
export interface PolicyService {
  show(): Promise<PolicyView>
  /** Checks a document of any shape. */
  lint(document: unknown): readonly PolicyFinding[]
  /** For a scope, or for questions without one. */
  dryRun(document: unknown, scope: string | undefined): Promise<PolicyEffect>
  /** Takes a document at once, for everybody. */
  put(document: unknown, change: PolicyChange): Promise<PolicyView>
  /** Tries a document, or the one on trial, with a share of client neighbourhoods; 1 makes it the policy. */
  rollout(request: { readonly document?: unknown; readonly share: number }, change: PolicyChange): Promise<PolicyView>
  /** Ends a trial, or goes back to the revision before or the one named (`r3`, or `config` for none). */
  rollback(revision: string | undefined, change: PolicyChange): Promise<PolicyView>
}
