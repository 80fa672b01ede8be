import { type Prefix, prefixOf } from '../fci/prefix.ts'
import { type Client, readClient } from '../routing/client.ts'
import type { CoverageMap } from '../routing/coverage/coverage-map.ts'
import { drawDecision } from '../routing/decide.ts'
import type { Decision } from '../routing/decision.ts'
import type { GeoFacts } from '../routing/geo-facts.ts'
import type { GeoSource } from '../routing/geo-source.ts'
import { type MeasuredLookup, NOTHING_MEASURED } from '../routing/measured.ts'
import type { RoutingPlan } from '../routing/plan.ts'
import { looksAtMeasurements } from '../routing/policy.ts'
import { recordDecision } from '../routing/replay/record-decision.ts'
import { clientPrefixKey, stickinessKey } from '../routing/routing-key.ts'
import { BrokerError } from './broker-error.ts'
import type { SourceFacts } from './footprint-sources/source-facts.ts'
import type { ProviderDirectory } from './providers/provider-directory.ts'
import type {
  AnswerCoverage,
  AnswerVersions,
  ConnectUrl,
  DrawnPlan,
  RouteAnswer,
  RouteQuestion,
  RouteService,
} from './route-service.ts'
import { createConnectUrls } from './routing/connect-urls.ts'
import type { DecisionLog } from './routing/decision-log.ts'
import type { PolicySource } from './routing/policy-source.ts'
import { type RoutePlans, readPlainly } from './routing/route-plans.ts'
import { guarded } from './scopes/scope-commands.ts'
import type { ScopeDirectory } from './scopes/scope-directory.ts'
import type { ScopeRecord } from './scopes/scope-record.ts'
import type { Vault } from './scopes/vault.ts'

export interface RouteServiceDeps {
  readonly directory: Pick<ProviderDirectory, 'capabilities'>
  readonly plans: RoutePlans
  readonly scopes: ScopeDirectory
  readonly vault: Vault
  /** What is known of address space: the map, if there is one yet, and the geo data that it was made of. */
  readonly coverage: () => CurrentCoverage
  /** What sources that footprints name say of an address; default: nothing. */
  readonly sourceFacts?: SourceFacts
  readonly now: () => number
  readonly policies: PolicySource
  readonly measuredNear?: (client: Client) => MeasuredLookup
  /** Another number when what `measuredNear` tells has moved; default: it never does. */
  readonly measuredVersion?: () => number
  /** Takes down a sample of decisions. */
  readonly decisionLog?: Pick<DecisionLog, 'wants' | 'add'>
  /** Told of every decision. */
  readonly observe: (provider: string | undefined, panic: boolean) => void
}

export interface CurrentCoverage {
  readonly map: CoverageMap | undefined
  readonly geo: GeoSource
  readonly made?: { readonly at: number; readonly kept: boolean }
}

/** Look-ups from memory: provider facts, held scopes, opened credentials. The store is asked for a scope never seen here. */
export function createRouteService(deps: RouteServiceDeps): RouteService {
  const { plans } = deps
  const urls = createConnectUrls(deps.vault, deps.directory)

  const records = new WeakMap<ScopeRecord, number>()
  let recordCount = 0

  function numberOf(record: ScopeRecord): number {
    const known = records.get(record)
    if (known !== undefined) return known
    recordCount++
    records.set(record, recordCount)
    return recordCount
  }

  function decideFor(client: ReadClient, record: ScopeRecord | undefined, question: RouteQuestion): Decided {
    const prefixKey = clientPrefixKey(client.address)
    const policy = deps.policies.of(record, prefixKey)
    let known: Client | undefined
    const described = (): Client => {
      known ??= describeAs(client, deps.coverage().geo.lookup(client.address), deps.sourceFacts?.(client.address))
      return known
    }
    const planned = { address: client.address, client: described, record, policy }
    const plan = plans.plan(planned)
    const key = stickinessKey(policy.stickiness, question, prefixKey)
    const measured = plan.varies ? deps.measuredNear?.(described()) : undefined
    const drawn = { client, facts: described, key, now: deps.now() }
    const decision = drawDecision(plan, measured === undefined ? drawn : { ...drawn, measured })
    if (deps.decisionLog?.wants() === true) {
      const { geo } = deps.coverage()
      const recorded = recordDecision({
        client: described(),
        scope: record,
        session: question.session,
        key,
        inputs: plans.inputs(planned),
        measured: deps.measuredNear?.(described()) ?? NOTHING_MEASURED,
        coverage: coverageOf(client),
        geo: geo.editions,
        decision,
      })
      deps.decisionLog.add(recorded)
    }
    return { client, decision, plan, isKeyedByPrefix: key === prefixKey }
  }

  // Beyond the neighbourhood another policy may be on trial, another key drawn, other samples measured.
  function sameFor(decided: Decided): Prefix | undefined {
    const { address } = decided.client
    const narrow = differsBeyondDraw(decided) || isDrawn(decided)
    const widest = deps.coverage().map?.widestPrefix(address)
    const limit = address.version === 4 ? 24 : 48
    return widest !== undefined && narrow && widest.length < limit ? prefixOf(address, limit) : widest
  }

  function drawnPlan(decided: Decided): DrawnPlan | undefined {
    if (differsBeyondDraw(decided) || !isDrawn(decided)) return undefined
    const { client, plan } = decided
    const tiers = plan.tiers.map(({ length }) => length)
    return { tiers, sameFor: deps.coverage().map?.widestPrefix(client.address) }
  }

  function differsBeyondDraw({ plan }: Decided): boolean {
    return deps.policies.isSplit() || plan.varies
  }

  function isDrawn({ plan, isKeyedByPrefix }: Decided): boolean {
    return isKeyedByPrefix && plan.tiers.some((tier) => tier.length > 1)
  }

  function coverageOf({ address }: ReadClient): AnswerCoverage | undefined {
    const { map, made } = deps.coverage()
    return map === undefined
      ? undefined
      : {
          map: map.version,
          madeAt: made?.at ?? deps.now(),
          kept: made?.kept ?? false,
          classId: map.classOf(address),
          prefix: map.widestPrefix(address),
          readPlainly: readPlainly(map, plans.facts()),
        }
  }

  function versions(): AnswerVersions {
    const { map, geo } = deps.coverage()
    return {
      map: map?.version,
      geo: geo.editions.map(({ name, version }) => ({ name, version })),
      health: plans.facts().map(({ id, health }) => ({ provider: id, state: health.state })),
    }
  }

  const details: AnswerDetails = { versions, coverageOf, sameFor, drawn: drawnPlan }

  function observe(decision: Decision): void {
    deps.observe(decision.candidates[0]?.provider, decision.panic)
  }

  return {
    async decide(question) {
      const client = clientOf(question)
      const { scope: scopeId } = question
      const scope = scopeId === undefined ? undefined : await guarded(() => deps.scopes.get(scopeId))
      if (scopeId !== undefined && scope === undefined) throw noScope(scopeId)
      const decided = decideFor(client, scope?.record, question)
      const { decision } = decided
      observe(decision)
      const connectUrls = scope === undefined ? NO_URLS : await urls.open(scope.record, decision.candidates)
      return new Answer(decided, connectUrls, details)
    },

    decideHeld(question) {
      const client = clientOf(question)
      const { scope: scopeId } = question
      const held = scopeId === undefined ? undefined : deps.scopes.held(scopeId)
      if (scopeId !== undefined) {
        if (held === undefined) return undefined
        if (held.scope === undefined) throw noScope(scopeId)
      }
      const record = held?.scope?.record
      const decided = decideFor(client, record, question)
      const { decision } = decided
      const connectUrls = record === undefined ? NO_URLS : urls.held(record, decision.candidates)
      if (connectUrls === undefined) return undefined
      observe(decision)
      return new Answer(decided, connectUrls, details)
    },

    version(scopeId) {
      const record = scopeId === undefined ? undefined : deps.scopes.held(scopeId)?.scope?.record
      if (scopeId !== undefined && record === undefined) return undefined
      const general = `${plans.version()}.${deps.policies.version()}`
      const version = record === undefined ? general : `${general}.${numberOf(record)}`
      // Answers that no sample can change are not made anew for each.
      const measures = deps.policies.isSplit() || looksAtMeasurements(deps.policies.of(record, ''))
      return measures ? `${version}.${deps.measuredVersion?.() ?? 0}` : version
    },
  }
}

interface Decided {
  readonly client: ReadClient
  readonly decision: Decision
  readonly plan: RoutingPlan
  /** Whether the answer may differ from one /24 or /48 to the next, where candidates are equals. */
  readonly isKeyedByPrefix: boolean
}

/** Few ask for the prefix, the class and the versions, so they are looked for when read, which must be at once. */
class Answer implements RouteAnswer {
  readonly decision: Decision
  readonly connectUrls: ReadonlyMap<string, ConnectUrl>
  readonly #details: AnswerDetails
  readonly #decided: Decided

  constructor(decided: Decided, connectUrls: ReadonlyMap<string, ConnectUrl>, details: AnswerDetails) {
    this.decision = decided.decision
    this.connectUrls = connectUrls
    this.#details = details
    this.#decided = decided
  }

  get versions(): AnswerVersions {
    return this.#details.versions()
  }

  get coverage(): AnswerCoverage | undefined {
    return this.#details.coverageOf(this.#decided.client)
  }

  get sameFor(): Prefix | undefined {
    return this.#details.sameFor(this.#decided)
  }

  get drawn(): DrawnPlan | undefined {
    return this.#details.drawn(this.#decided)
  }
}

interface AnswerDetails {
  versions(): AnswerVersions
  coverageOf(client: ReadClient): AnswerCoverage | undefined
  sameFor(decided: Decided): Prefix | undefined
  drawn(decided: Decided): DrawnPlan | undefined
}

type ReadClient = Pick<Client, 'address' | 'text'>

function describeAs(client: ReadClient, facts: GeoFacts | undefined, under: Client['under']): Client {
  const sourced = under === undefined ? {} : { under }
  if (facts === undefined) return { ...client, ...sourced }
  const { asn, country, subdivision, source } = facts
  if (country === undefined || asn !== undefined || subdivision !== undefined || under === undefined) {
    return { ...client, ...facts, ...sourced }
  }
  // What most clients are; copies of objects cost more than the look-up.
  return { address: client.address, text: client.text, country, source, under }
}

const NO_URLS: ReadonlyMap<string, ConnectUrl> = new Map()

function clientOf(question: RouteQuestion): ReadClient {
  const client = readClient(question.client)
  if (!('invalid' in client)) return client
  throw new BrokerError('invalid_request', client.invalid, {
    faults: [{ detail: client.invalid, parameter: 'client' }],
  })
}

function noScope(id: string): BrokerError {
  return new BrokerError('not_found', `there is no scope ${id}`)
}
