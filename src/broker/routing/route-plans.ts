import { NO_USAGE, type UsageLookup } from '../../routing/capacity.ts'
import type { Client } from '../../routing/client.ts'
import type { CoverageMap, CoverageOutcome } from '../../routing/coverage/coverage-map.ts'
import type { HeldAdvertisement, ProviderFacts } from '../../routing/decision.ts'
import type { PlacementReadiness } from '../../routing/eligibility.ts'
import { plainRules } from '../../routing/footprint-rules.ts'
import { type PlanInputs, planRoutes, type RoutingPlan } from '../../routing/plan.ts'
import type { RoutingPolicy } from '../../routing/policy.ts'
import { coverageOfOutcome, type ProviderCoverage, plainCoverage } from '../../routing/provider-coverage.ts'
import { routesAlike } from '../providers/create-provider-directory.ts'
import type { ProviderDirectory } from '../providers/provider-directory.ts'
import { servesContent } from '../scopes/content-path.ts'
import type { ScopeRecord } from '../scopes/scope-record.ts'

/** Usage as it was last reported. */
export interface UsageSource {
  readonly lookup: UsageLookup
  /** 0 until something is reported, then another number with every report. */
  readonly version: () => number
}

export interface RoutePlansDeps {
  readonly directory: Pick<ProviderDirectory, 'facts' | 'health'>
  /** The compiled map in use; undefined: none yet, so footprints are read plainly. */
  readonly current: () => { readonly map: CoverageMap | undefined }
  readonly usage?: UsageSource
  readonly now: () => number
}

export interface PlanQuestion {
  readonly address: Client['address']
  /** The client with its facts; asked for only where the map does not answer. */
  readonly client: () => Client
  readonly record: ScopeRecord | undefined
  readonly policy: RoutingPolicy
}

/** Plans kept for as long as nothing that they were made of changes: one per policy, placements and decision class. */
export interface RoutePlans {
  plan(question: PlanQuestion): RoutingPlan
  /** The providers as plans see them now. */
  facts(): readonly ProviderFacts[]
  /** Changes with everything that plans are made of, but for policies and scopes. */
  version(): number
  /** What the plan of a class of any map is made of; whatever is not in that map holds for nobody. */
  classInputs(map: CoverageMap, classId: number, record: ScopeRecord | undefined, policy: RoutingPolicy): PlanInputs
  /** What the plan of this question is made of. */
  inputs(question: PlanQuestion): PlanInputs
}

/** Everything that plans of one moment share. */
interface Moment {
  readonly number: number
  readonly facts: readonly ProviderFacts[]
  readonly map: CoverageMap | undefined
  /** Whether every advertisement in use is in the map, as it is. */
  readonly compiled: boolean
  readonly usageVersion: number
  readonly at: number
  readonly readiness: WeakMap<ScopeRecord, Readiness>
  /** By policy, then by placements, then by class. */
  readonly plans: Map<RoutingPolicy, Map<string, Map<number, RoutingPlan>>>
  held: number
  /** By policy, then by placements and address: while the map is behind the advertisements, or has no room for one. */
  plain: Map<RoutingPolicy, Map<string, RoutingPlan>>
  plainAt: number
  plainHeld: number
}

interface Readiness {
  readonly placements: ReadonlyMap<string, PlacementReadiness>
  /** Equal for equal placements. */
  readonly signature: string
}

const MAX_PLANS = 200_000
const MAX_PLAIN_PLANS = 10_000
/** Footprints read plainly go by geo data that may be read anew at any time. */
const PLAIN_MS = 1_000
/** Usage grows old and paces move on: plans that depend on them are made anew this often. */
const USAGE_MS = 1_000

function areAlike(some: readonly ProviderFacts[], others: readonly ProviderFacts[]): boolean {
  return (
    some.length === others.length &&
    some.every((facts, index) => {
      const other = others[index]
      return other !== undefined && routesAlike(facts, other)
    })
  )
}

export function createRoutePlans(deps: RoutePlansDeps): RoutePlans {
  let moment: Moment | undefined

  function current(): Moment {
    const facts = deps.directory.facts()
    const { map } = deps.current()
    const usageVersion = deps.usage?.version() ?? 0
    if (
      moment !== undefined &&
      moment.facts === facts &&
      moment.map === map &&
      moment.usageVersion === usageVersion &&
      (usageVersion === 0 || deps.now() - moment.at < USAGE_MS)
    ) {
      return moment
    }
    const before = moment
    const alike =
      before?.map === map && usageVersion === 0 && before?.usageVersion === 0 && areAlike(before.facts, facts)
    moment = {
      // That an advertisement was confirmed makes plans anew, for their ages, but no other answers.
      number: (before?.number ?? 0) + (alike ? 0 : 1),
      facts,
      map,
      compiled: map !== undefined && readPlainly(map, facts).length === 0,
      usageVersion,
      at: deps.now(),
      readiness: new WeakMap(),
      plans: new Map(),
      held: 0,
      plain: new Map(),
      plainAt: deps.now(),
      plainHeld: 0,
    }
    return moment
  }

  function readinessOf(record: ScopeRecord, { readiness }: Moment): Readiness {
    const known = readiness.get(record)
    if (known !== undefined) return known
    const isDown = (provider: string): boolean => deps.directory.health(provider) === 'down'
    const placements = new Map<string, PlacementReadiness>(
      record.placements.map(({ provider }) => [
        provider,
        servesContent(record, provider, isDown) ? 'ready' : 'not_ready',
      ]),
    )
    const signature = [...placements].map(([provider, state]) => `${provider}=${state}`).join()
    const made = { placements, signature }
    readiness.set(record, made)
    return made
  }

  function inputsAt(
    question: PlanQuestion,
    at: Moment,
    classId: number | undefined,
    map: CoverageMap | undefined = at.map,
    unknown: (held: HeldAdvertisement) => ProviderCoverage = (held) => plainCoverage(held.model, question.client()),
  ): PlanInputs {
    const { policy, record, client } = question
    const placements = record === undefined ? undefined : readinessOf(record, at).placements
    const ruleMatches = classId === undefined ? undefined : policyOutcome(map, classId, policy)
    const holding = ruleMatches && new Set(ruleMatches.map(({ footprint }) => footprint))
    return {
      providers: at.facts,
      policy,
      usage: deps.usage?.lookup ?? NO_USAGE,
      now: deps.now(),
      ...(placements === undefined ? {} : { placements }),
      coverage: (provider, held) => {
        const outcome = classId === undefined ? undefined : columnOutcome(map, classId, provider, held.version)
        return outcome === undefined ? unknown(held) : coverageOfOutcome(held.model, outcome)
      },
      rules: holding === undefined ? (rule) => plainRules(client())(rule) : ({ position }) => holding.has(position),
    }
  }

  /** Most clients that ask ask again, and a change of the map is a second or two away. */
  function plainPlan(question: PlanQuestion, at: Moment, classId: number | undefined, signature: string): RoutingPlan {
    const now = deps.now()
    if (now - at.plainAt >= PLAIN_MS || now < at.plainAt || at.plainHeld >= MAX_PLAIN_PLANS) {
      at.plain = new Map()
      at.plainAt = now
      at.plainHeld = 0
    }
    const { version, value } = question.address
    const byAddress = obtain(at.plain, question.policy, () => new Map<string, RoutingPlan>())
    const key = `${version} ${value} ${signature}`
    const known = byAddress.get(key)
    if (known !== undefined) return known
    const plan = planRoutes(inputsAt(question, at, classId))
    byAddress.set(key, plan)
    at.plainHeld++
    return plan
  }

  return {
    plan(question) {
      const at = current()
      const { policy, record } = question
      const classId = at.map?.classOf(question.address)
      const signature = record === undefined ? '' : readinessOf(record, at).signature
      const isOfClass =
        classId !== undefined &&
        at.compiled &&
        (policy.rules.length === 0 || policyOutcome(at.map, classId, policy) !== undefined)
      if (!isOfClass) return plainPlan(question, at, classId, signature)
      const byPlacements = obtain(at.plans, policy, () => new Map<string, Map<number, RoutingPlan>>())
      const byClass = obtain(byPlacements, signature, () => new Map<number, RoutingPlan>())
      const known = byClass.get(classId)
      if (known !== undefined) return known
      const plan = planRoutes(inputsAt(question, at, classId))
      if (at.held >= MAX_PLANS) {
        at.plans.clear()
        at.held = 0
      } else byClass.set(classId, plan)
      at.held++
      return plan
    },
    facts: () => current().facts,
    version: () => current().number,
    classInputs(map, classId, record, policy) {
      const nobody: Client = { address: { version: 4, value: 0n }, text: '' }
      const question = { address: nobody.address, client: () => nobody, record, policy }
      return inputsAt(question, current(), classId, map, (held) => coverageOfOutcome(held.model, NOWHERE))
    },
    inputs(question) {
      const at = current()
      return inputsAt(question, at, at.map?.classOf(question.address))
    },
  }
}

const NOWHERE: CoverageOutcome = { matches: [] }

const POLICY_COLUMN = 'policy:'

/** The column in the map of a policy file's footprints. */
export function policyColumnId(revision: string): string {
  return `${POLICY_COLUMN}${revision}`
}

/** The revision whose column this is; undefined for columns of providers. */
export function revisionOfColumn(id: string): string | undefined {
  return id.startsWith(POLICY_COLUMN) ? id.slice(POLICY_COLUMN.length) : undefined
}

const versions = new WeakMap<CoverageMap, ReadonlyMap<string, string>>()

function versionsOf(map: CoverageMap): ReadonlyMap<string, string> {
  let known = versions.get(map)
  if (known === undefined) {
    known = new Map(map.columns.map(({ id, version }) => [id, version]))
    versions.set(map, known)
  }
  return known
}

/** Providers whose advertisement in use is not in the map, or in another version: it is read plainly. */
export function readPlainly(map: CoverageMap, facts: readonly ProviderFacts[]): readonly string[] {
  const known = versionsOf(map)
  return facts.flatMap(({ id, advertisement }) => {
    if (advertisement === undefined || advertisement.expired) return []
    return known.get(id) === advertisement.version ? [] : [id]
  })
}

function columnOutcome(map: CoverageMap | undefined, classId: number, id: string, version: string) {
  return map === undefined || versionsOf(map).get(id) !== version ? undefined : map.outcome(classId, id)
}

function policyOutcome(map: CoverageMap | undefined, classId: number, { revision }: RoutingPolicy) {
  return map?.outcome(classId, policyColumnId(revision))?.matches
}

function obtain<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
