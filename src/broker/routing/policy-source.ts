import type { RoutingPolicy } from '../../routing/policy.ts'
import type { ScopeRecord } from '../scopes/scope-record.ts'

/** By what a policy file finds a scope. */
export type PolicyScope = Pick<ScopeRecord, 'id' | 'owner'>

/** The policy that holds now. Look-ups read it on every question: answers from memory. */
export interface PolicySource {
  /** Of a scope, or of none, for clients of this neighbourhood; one object while it is the same. */
  of(scope: PolicyScope | undefined, prefixKey: string): RoutingPolicy
  /** Whether a candidate policy is on trial with a share of the neighbourhoods. */
  isSplit(): boolean
  /** Changes with what `of` answers. */
  version(): number
}

/** One policy for everybody, for ever. */
export function fixedPolicy(policy: RoutingPolicy): PolicySource {
  return { of: () => policy, isSplit: () => false, version: () => 0 }
}
