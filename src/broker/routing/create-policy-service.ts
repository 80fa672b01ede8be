import { setImmediate } from 'node:timers/promises'
import type { CoverageColumn, CoverageMap } from '../../routing/coverage/coverage-map.ts'
import { planRoutes, type RoutingPlan } from '../../routing/plan.ts'
import type { RoutingPolicy } from '../../routing/policy.ts'
import { compareOverSpace, type SpaceEffect } from '../../routing/policy-file/compare-effect.ts'
import { type CompiledPolicy, compilePolicy } from '../../routing/policy-file/compile-policy.ts'
import { lintPolicy } from '../../routing/policy-file/lint-policy.ts'
import type { PolicyDocument, PolicyFinding } from '../../routing/policy-file/policy-document.ts'
import { createTrafficComparison, type TrafficEffect } from '../../routing/replay/compare-traffic.ts'
import type { DecisionRecord } from '../../routing/replay/record-schema.ts'
import { BrokerError } from '../broker-error.ts'
import { guarded } from '../scopes/scope-commands.ts'
import type { ScopeDirectory } from '../scopes/scope-directory.ts'
import type { ScopeRecord } from '../scopes/scope-record.ts'
import type { Versioned } from '../scopes/scope-store.ts'
import { type Store, StoreError } from '../store/store.ts'
import type { PolicyBoard } from './policy-board.ts'
import type { PolicyFile } from './policy-file.ts'
import {
  NO_POLICY,
  type PolicyEvent,
  type PolicyState,
  putPolicy,
  putPolicyState,
  readPolicyState,
  revisionName,
} from './policy-record.ts'
import type { PolicyChange, PolicyEffect, PolicyService, PolicyView } from './policy-service.ts'
import { policyColumnId, type RoutePlans } from './route-plans.ts'

export interface PolicyServiceDeps {
  readonly store: Store
  readonly board: PolicyBoard
  readonly base: RoutingPolicy
  readonly providers: ReadonlyMap<string, { readonly weight: number }>
  /** What holds while no policy was set over the API. */
  readonly file?: Pick<PolicyFile, 'status'>
  readonly scopes: Pick<ScopeDirectory, 'get'>
  readonly plans: Pick<RoutePlans, 'classInputs'>
  readonly map: () => CoverageMap | undefined
  /** A map with further columns, made aside. */
  readonly compileWith?: (columns: readonly CoverageColumn[]) => Promise<CoverageMap>
  /** Decisions that were recorded lately. */
  readonly recent?: () => readonly DecisionRecord[]
  readonly now: () => number
}

/** So that look-ups do not wait for a dry run. */
const RECORDS_PER_TURN = 50

export function createPolicyService(deps: PolicyServiceDeps): PolicyService {
  const { store, board } = deps

  function check(value: unknown): { readonly document: PolicyDocument; readonly findings: readonly PolicyFinding[] } {
    const { document, findings } = lintPolicy(value, { providers: deps.providers, now: deps.now() })
    if (document !== undefined) return { document, findings }
    const errors = findings.filter(({ severity }) => severity === 'error')
    const [first] = errors
    throw new BrokerError(
      'invalid_request',
      `The policy is not valid at /document${first?.pointer ?? ''}: ${first?.message ?? 'see the errors'}. The policy in use stays.`,
      {
        faults: errors
          .slice(0, 50)
          .map(({ message, pointer }) => ({ detail: message, pointer: `/document${pointer}` })),
      },
    )
  }

  function view(state: Versioned<PolicyState> | undefined): PolicyView {
    const current = board.current()
    const candidate = board.candidate()
    const { earlier, events } = state?.value ?? NO_POLICY
    return {
      version: state?.revision ?? 0,
      revision: current.revision,
      document: current.document,
      ...(candidate === undefined
        ? {}
        : {
            candidate: {
              revision: candidate.policy.revision,
              share: candidate.share,
              document: candidate.policy.document,
            },
          }),
      earlier: earlier.map(revisionName),
      events,
      ...(deps.file === undefined ? {} : { file: deps.file.status() }),
      findings: lintPolicy(current.document, { providers: deps.providers, now: deps.now() }).findings,
    }
  }

  async function show(): Promise<PolicyView> {
    const state = await guarded(() => readPolicyState(store))
    await guarded(() => board.refresh())
    return view(state)
  }

  /** Reads the state, lets `decide` make the next one, writes it if nobody was faster. */
  async function change(
    { by, reason, expected }: PolicyChange,
    decide: (
      state: PolicyState,
    ) => { readonly state: PolicyState; readonly document?: PolicyDocument } & Pick<
      PolicyEvent,
      'action' | 'revision' | 'share'
    >,
  ): Promise<PolicyView> {
    const before = await guarded(() => readPolicyState(store))
    if (expected !== undefined && expected !== (before?.revision ?? 0)) {
      throw new BrokerError('revision_mismatch', 'The policy has changed since. Read it again and decide anew.')
    }
    const { state, document, action, revision, share } = decide(before?.value ?? NO_POLICY)
    const event: PolicyEvent = {
      action,
      revision,
      at: deps.now(),
      by,
      ...(share === undefined ? {} : { share }),
      ...(reason === undefined ? {} : { reason }),
    }
    const changes = [
      ...(document === undefined ? [] : [putPolicy(revision, document)]),
      ...putPolicyState(before, { ...state, events: [...state.events, event] }),
    ]
    try {
      await store.commit(changes)
    } catch (error) {
      if (error instanceof StoreError && error.code === 'conflict') {
        throw new BrokerError('revision_mismatch', 'Somebody else changed the policy at the same time. Read it again.')
      }
      throw error
    }
    return show()
  }

  return {
    show,
    lint: (document) => lintPolicy(document, { providers: deps.providers, now: deps.now() }).findings,

    async dryRun(value, scopeId) {
      const { document, findings } = check(value)
      const scope = scopeId === undefined ? undefined : await guarded(() => deps.scopes.get(scopeId))
      if (scopeId !== undefined && scope === undefined) {
        throw new BrokerError('not_found', `there is no scope ${scopeId}`)
      }
      const policy = compilePolicy(document, deps.base, 'dry-run')
      const space = await compareSpace(policy, scope?.record)
      return { findings, space, traffic: await compareTraffic(policy) } satisfies PolicyEffect
    },

    put(value, request) {
      const { document } = check(value)
      return change(request, (state) => {
        const revision = state.last + 1
        const { candidate: _, ...rest } = state
        const earlier = [...state.earlier, state.current]
        return { state: { ...rest, current: revision, last: revision, earlier }, document, action: 'put', revision }
      })
    },

    rollout({ document: value, share }, request) {
      const checked = value === undefined ? undefined : check(value)
      return change(request, (state) => {
        const { candidate, ...rest } = state
        const revision = checked === undefined ? candidate?.revision : state.last + 1
        if (revision === undefined) {
          throw new BrokerError('invalid_state', 'No policy is on trial: give the document that should be.')
        }
        const last = Math.max(state.last, revision)
        const given = checked === undefined ? {} : { document: checked.document }
        if (share < 1) {
          return {
            state: { ...rest, last, candidate: { revision, share } },
            ...given,
            action: 'rollout',
            revision,
            share,
          }
        }
        const promoted = { ...rest, last, current: revision, earlier: [...state.earlier, state.current] }
        return { state: promoted, ...given, action: 'promote', revision, share }
      })
    },

    rollback(name, request) {
      return change(request, (state) => {
        const { candidate, ...rest } = state
        if (candidate !== undefined && name === undefined) {
          return { state: rest, action: 'discard', revision: candidate.revision }
        }
        const target = name === undefined ? state.earlier.at(-1) : numberOf(name)
        if (target === undefined || !state.earlier.includes(target)) {
          const choices = state.earlier.map(revisionName).join(', ') || 'none'
          throw new BrokerError('invalid_state', `There is no such revision to go back to; there are: ${choices}.`)
        }
        const at = state.earlier.lastIndexOf(target)
        return {
          state: { ...rest, current: target, earlier: state.earlier.slice(0, at) },
          action: 'rollback',
          revision: target,
        }
      })
    },
  }

  async function compareTraffic(policy: CompiledPolicy): Promise<TrafficEffect | undefined> {
    const comparison = createTrafficComparison(policy)
    for (const [i, record] of (deps.recent?.() ?? []).entries()) {
      if (i % RECORDS_PER_TURN === 0) await setImmediate()
      comparison.add(record)
    }
    return comparison.result()
  }

  async function compareSpace(
    policy: CompiledPolicy,
    record: ScopeRecord | undefined,
  ): Promise<readonly SpaceEffect[] | undefined> {
    const columns: readonly CoverageColumn[] =
      policy.footprints.length === 0
        ? []
        : [{ id: policyColumnId(policy.revision), version: policy.revision, footprints: policy.footprints }]
    const map = columns.length > 0 ? await deps.compileWith?.(columns) : deps.map()
    if (map === undefined) return undefined
    const now = deps.now()
    const planOf =
      (settings: RoutingPolicy) =>
      (classId: number): RoutingPlan =>
        planRoutes(deps.plans.classInputs(map, classId, record, settings))
    const before = planOf(board.current().of(record, now))
    const after = planOf(policy.of(record, now))
    const effects: SpaceEffect[] = []
    for (const version of [4, 6] as const) {
      const run = compareOverSpace(map, version, before, after)
      let step = run.next()
      while (step.done !== true) {
        await setImmediate()
        step = run.next()
      }
      effects.push(step.value)
    }
    return effects
  }
}

function numberOf(name: string): number | undefined {
  if (name === 'config') return 0
  const digits = /^r([1-9]\d{0,9})$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
