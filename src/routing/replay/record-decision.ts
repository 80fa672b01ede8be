import { formatPrefix, type Prefix } from '../../fci/prefix.ts'
import type { LimitName, UsageLookup } from '../capacity.ts'
import type { Client } from '../client.ts'
import type { Decision, ProviderFacts } from '../decision.ts'
import type { MeasuredLookup } from '../measured.ts'
import type { PlanInputs } from '../plan.ts'
import type { RoutingPolicy } from '../policy.ts'
import type { DecisionRecord } from './record-schema.ts'

export interface RecordedDecision {
  readonly client: Client
  readonly scope: { readonly id: string; readonly owner: string } | undefined
  readonly session: string | undefined
  readonly key: string
  /** What the plan was made of. */
  readonly inputs: PlanInputs
  readonly measured: MeasuredLookup
  /** Where in the coverage map the client was found; undefined: there was no map. */
  readonly coverage: RecordedCoverage | undefined
  readonly geo: readonly { readonly name: string; readonly version: string }[]
  readonly decision: Decision
}

export interface RecordedCoverage {
  readonly map: string
  /** Milliseconds since the epoch. */
  readonly madeAt: number
  readonly classId: number
  readonly prefix: Prefix
}

/** Writes down everything that the decision was made of. */
export function recordDecision(recorded: RecordedDecision): DecisionRecord {
  const { client, scope, session, key, inputs, coverage, decision } = recorded
  const { asn, country, subdivision } = client
  return {
    v: 1,
    at: inputs.now,
    client: {
      address: client.text,
      ...(asn === undefined ? {} : { asn }),
      ...(country === undefined ? {} : { country }),
      ...(subdivision === undefined ? {} : { subdivision }),
    },
    ...(scope === undefined ? {} : { scope: { id: scope.id, owner: scope.owner } }),
    ...(session === undefined ? {} : { session }),
    key,
    ...(coverage === undefined
      ? {}
      : {
          map: coverage.map,
          mapMadeAt: coverage.madeAt,
          class: coverage.classId,
          prefix: formatPrefix(coverage.prefix),
        }),
    geo: recorded.geo.map(({ name, version }) => ({ name, version })),
    ...(inputs.placements === undefined ? {} : { placements: Object.fromEntries(inputs.placements) }),
    policy: recordPolicy(inputs.policy, inputs),
    providers: inputs.providers.map((provider) => recordProvider(provider, recorded)),
    answer: {
      candidates: decision.candidates.map(({ provider }) => provider),
      rejected: decision.rejected.map(({ provider, rule }) => ({ provider, rule })),
      ttlSeconds: decision.ttlSeconds,
      panic: decision.panic,
    },
  }
}

function recordPolicy(policy: RoutingPolicy, { rules: holds }: PlanInputs): DecisionRecord['policy'] {
  return {
    ...policy,
    terms: Object.fromEntries(policy.terms),
    rules: policy.rules.filter(holds).map(({ id, action, providers }) => {
      return { id, action, ...(providers === undefined ? {} : { providers: [...providers] }) }
    }),
  }
}

function recordProvider(
  provider: ProviderFacts,
  { inputs, measured }: RecordedDecision,
): DecisionRecord['providers'][number] {
  const { id, administrative, health, priority, weight, drilled, advertisement } = provider
  const coverage = advertisement === undefined || advertisement.expired ? undefined : inputs.coverage(id, advertisement)
  const limits: readonly LimitName[] = [...(coverage?.capabilities.capacityLimits ?? []), { limitType: 'volume' }]
  const known = measured(id)
  return {
    id,
    administrative,
    health,
    priority,
    weight,
    ...(drilled === undefined ? {} : { drilled }),
    usage: limits.flatMap((limit) => readingOf(id, limit, inputs.usage)),
    ...(known === undefined ? {} : { measured: known }),
    ...(advertisement === undefined
      ? {}
      : {
          advertisement: {
            version: advertisement.version,
            fetchedAt: advertisement.fetchedAt,
            confirmedAt: advertisement.confirmedAt,
            stale: advertisement.stale,
            expired: advertisement.expired,
            ...(coverage === undefined
              ? {}
              : {
                  coverage: {
                    ...(coverage.moq === undefined ? {} : { moq: coverage.moq }),
                    saysMoq: coverage.saysMoq,
                    ...(coverage.delivery === undefined ? {} : { delivery: coverage.delivery }),
                    saysDelivery: coverage.saysDelivery,
                    capabilities: pickCapabilities(coverage.capabilities),
                  },
                }),
          },
        }),
  }
}

/** Those that policies look at. */
function pickCapabilities({
  deliveryProtocols,
  metadataTypes,
  privateFeatures,
  moq,
  capacityLimits,
}: ReturnType<PlanInputs['coverage']>['capabilities']) {
  return { deliveryProtocols, metadataTypes, privateFeatures, capacityLimits, ...(moq === undefined ? {} : { moq }) }
}

function readingOf(provider: string, limit: LimitName, usage: UsageLookup) {
  const reading = usage(provider, limit)
  if (reading === undefined) return []
  const { id, limitType, telemetrySource } = limit
  const name = {
    limitType,
    ...(id === undefined ? {} : { id }),
    ...(telemetrySource === undefined ? {} : { telemetrySource }),
  }
  return [{ limit: name, value: reading.value, at: reading.at }]
}
