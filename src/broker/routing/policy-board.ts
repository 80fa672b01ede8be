import type { CoverageColumn } from '../../routing/coverage/coverage-map.ts'
import type { RoutingPolicy } from '../../routing/policy.ts'
import { type CompiledPolicy, compilePolicy } from '../../routing/policy-file/compile-policy.ts'
import type { PolicyDocument } from '../../routing/policy-file/policy-document.ts'
import { hashToUnit } from '../../routing/rendezvous.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'
import type { PolicyFile } from './policy-file.ts'
import { NO_POLICY, type PolicyState, readPolicy, readPolicyState, revisionName } from './policy-record.ts'
import type { PolicyScope, PolicySource } from './policy-source.ts'
import { policyColumnId } from './route-plans.ts'

/** The policy that holds, and the one on trial, compiled; all replicas share them through the store. */
export interface PolicyBoard extends PolicySource {
  readonly state: () => PolicyState
  readonly current: () => CompiledPolicy
  readonly candidate: () => { readonly policy: CompiledPolicy; readonly share: number } | undefined
  /** Reads what is stored anew. The last good policy stays when that cannot be used. Throws `StoreError`. */
  refresh(): Promise<void>
  /** What the coverage map should compile besides the advertisements. */
  columns(): readonly CoverageColumn[]
  /** Called when `columns` may have changed; the result stops it. Listeners must not throw. */
  onChange(listener: () => void): () => void
}

export interface PolicyBoardDeps {
  readonly store: Pick<Store, 'get'>
  /** What holds where no policy says anything. */
  readonly base: RoutingPolicy
  /** What holds while none was set over the API. Default: `base` alone. */
  readonly file?: Pick<PolicyFile, 'current' | 'check'>
  readonly now: () => number
  readonly log: Log
}

export function createPolicyBoard(deps: PolicyBoardDeps): PolicyBoard {
  const listeners = new Set<() => void>()
  let state = NO_POLICY
  let configured = compileConfigured()
  let current = configured
  let candidate: { readonly policy: CompiledPolicy; readonly share: number } | undefined
  let version = 0
  /** When an override runs out, answers change without anybody's doing. */
  let expiry = Number.POSITIVE_INFINITY
  let held: Held = { current: new WeakMap(), candidate: new WeakMap(), none: undefined, noneTried: undefined }

  /** Revision 0: of the policy file, if one is configured. */
  function compileConfigured(): CompiledPolicy {
    const { document, revision } = deps.file?.current() ?? { document: EMPTY, revision: revisionName(0) }
    return compilePolicy(document, deps.base, revision)
  }

  async function followFile(): Promise<void> {
    await deps.file?.check()
    if (deps.file !== undefined && deps.file.current().revision !== configured.revision) {
      configured = compileConfigured()
    }
  }

  function reset(): void {
    version++
    const now = deps.now()
    expiry = Math.min(current.nextExpiry(now), candidate?.policy.nextExpiry(now) ?? Number.POSITIVE_INFINITY)
    held = { current: new WeakMap(), candidate: new WeakMap(), none: undefined, noneTried: undefined }
  }

  function renew(): void {
    if (deps.now() >= expiry) reset()
  }

  async function load(revision: number): Promise<CompiledPolicy> {
    if (revision === 0) return configured
    const name = revisionName(revision)
    if (current.revision === name) return current
    if (candidate?.policy.revision === name) return candidate.policy
    const document = await readPolicy(deps.store, revision)
    if (document === undefined) throw new Error(`revision ${name} is not in the store`)
    return compilePolicy(document, deps.base, name)
  }

  return {
    state: () => state,
    current: () => current,
    candidate: () => candidate,
    isSplit: () => candidate !== undefined && candidate.share > 0 && candidate.share < 1,
    version() {
      renew()
      return version
    },
    of(scope, prefixKey) {
      renew()
      const tried = candidate !== undefined && isOnTrial(candidate.policy.revision, candidate.share, prefixKey)
      const policy = tried && candidate !== undefined ? candidate.policy : current
      if (scope === undefined) {
        const known = tried ? held.noneTried : held.none
        if (known !== undefined) return known
        const made = policy.of(undefined, deps.now())
        held = tried ? { ...held, noneTried: made } : { ...held, none: made }
        return made
      }
      const kept = tried ? held.candidate : held.current
      const known = kept.get(scope)
      if (known !== undefined) return known
      const made = policy.of(scope, deps.now())
      kept.set(scope, made)
      return made
    },
    async refresh() {
      await followFile()
      const stored = (await readPolicyState(deps.store))?.value ?? NO_POLICY
      if (isSame(stored, state) && (stored.current !== 0 || current === configured)) return
      try {
        const next = await load(stored.current)
        const trial = stored.candidate
        const tried = trial === undefined ? undefined : { policy: await load(trial.revision), share: trial.share }
        state = stored
        current = next
        candidate = tried
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown'
        deps.log('policy.unusable', { revision: revisionName(stored.current), error: reason })
        return
      }
      reset()
      deps.log('policy.changed', { revision: current.revision, candidate: candidate?.policy.revision ?? 'none' })
      for (const listener of listeners) listener()
    },
    columns: () => [current, ...(candidate === undefined ? [] : [candidate.policy])].flatMap(columnOf),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const EMPTY: PolicyDocument = { version: 1 }

interface Held {
  readonly current: WeakMap<PolicyScope, RoutingPolicy>
  readonly candidate: WeakMap<PolicyScope, RoutingPolicy>
  readonly none: RoutingPolicy | undefined
  readonly noneTried: RoutingPolicy | undefined
}

/** A larger share keeps those who are on trial and adds more. */
export function isOnTrial(revision: string, share: number, prefixKey: string): boolean {
  return share >= 1 || (share > 0 && hashToUnit(`${prefixKey}\u0000rollout\u0000${revision}`) < share)
}

function columnOf({ revision, footprints }: CompiledPolicy): readonly CoverageColumn[] {
  return footprints.length === 0 ? [] : [{ id: policyColumnId(revision), version: revision, footprints }]
}

function isSame(a: PolicyState, b: PolicyState): boolean {
  return (
    a.current === b.current &&
    a.last === b.last &&
    a.candidate?.revision === b.candidate?.revision &&
    a.candidate?.share === b.candidate?.share &&
    a.events.at(-1)?.at === b.events.at(-1)?.at
  )
}
