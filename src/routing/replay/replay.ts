import type { UsageLookup } from '../capacity.ts'
import { type Client, readClient } from '../client.ts'
import { decide } from '../decide.ts'
import type { Decision, ProviderFacts } from '../decision.ts'
import { plainRules, type RuleLookup } from '../footprint-rules.ts'
import type { RoutingPolicy } from '../policy.ts'
import type { CompiledPolicy } from '../policy-file/compile-policy.ts'
import type { CoverageLookup } from '../provider-coverage.ts'
import { clientPrefixKey, stickinessKey } from '../routing-key.ts'
import type { DecisionRecord } from './record-schema.ts'

/** The answer again, from nothing but the record. Throws `RangeError` if its client is no address. */
export function replay(record: DecisionRecord): Decision {
  const { rules, terms, ...policy } = record.policy
  const restored: RoutingPolicy = {
    ...policy,
    terms: new Map(Object.entries(terms)),
    rules: rules.map(({ id, action, providers }, position) => ({
      id,
      action,
      footprint: { kind: 'global' },
      position,
      ...(providers === undefined ? {} : { providers: new Set(providers) }),
    })),
  }
  // Only rules that held were recorded.
  return decideAgain(record, restored, () => true, record.key)
}

/** What another policy would have answered. Throws `RangeError` if the record's client is no address. */
export function replayUnder(record: DecisionRecord, policy: CompiledPolicy): Decision {
  const client = clientOf(record)
  const settings = policy.of(record.scope, record.at)
  const question = {
    ...(record.scope === undefined ? {} : { scope: record.scope.id }),
    ...(record.session === undefined ? {} : { session: record.session }),
  }
  const key = stickinessKey(settings.stickiness, question, clientPrefixKey(client.address))
  return decideAgain(record, settings, plainRules(client), key)
}

/** Whether an answer is the recorded one: the same candidates in the same order, excluded by the same rules. */
export function isRecorded({ answer }: DecisionRecord, decision: Decision): boolean {
  return (
    answer.panic === decision.panic &&
    answer.ttlSeconds === decision.ttlSeconds &&
    answer.candidates.length === decision.candidates.length &&
    answer.candidates.every((id, i) => decision.candidates[i]?.provider === id) &&
    answer.rejected.length === decision.rejected.length &&
    answer.rejected.every(
      ({ provider, rule }, i) => decision.rejected[i]?.provider === provider && decision.rejected[i]?.rule === rule,
    )
  )
}

function decideAgain(record: DecisionRecord, policy: RoutingPolicy, rules: RuleLookup, key: string): Decision {
  const recorded = new Map(record.providers.map((provider) => [provider.id, provider]))
  const coverage: CoverageLookup = (id) => {
    const known = recorded.get(id)?.advertisement?.coverage
    return {
      moq: known?.moq,
      saysMoq: known?.saysMoq ?? false,
      delivery: known?.delivery,
      saysDelivery: known?.saysDelivery ?? false,
      capabilities: {
        deliveryProtocols: [],
        metadataTypes: [],
        privateFeatures: [],
        capacityLimits: [],
        ...known?.capabilities,
        acquisitionProtocols: [],
        redirectionModes: [],
        redirectTargets: [],
      },
    }
  }
  const usage: UsageLookup = (id, { id: limitId, limitType, telemetrySource }) =>
    recorded
      .get(id)
      ?.usage.find(
        ({ limit }) =>
          limit.limitType === limitType &&
          limit.id === limitId &&
          limit.telemetrySource?.id === telemetrySource?.id &&
          limit.telemetrySource?.metric === telemetrySource?.metric,
      )
  return decide({
    client: clientOf(record),
    coverage,
    rules,
    providers: record.providers.map(providerOf),
    ...(record.placements === undefined ? {} : { placements: new Map(Object.entries(record.placements)) }),
    policy,
    now: record.at,
    key,
    usage,
    measured: (id) => recorded.get(id)?.measured,
  })
}

function providerOf(recorded: DecisionRecord['providers'][number]): ProviderFacts {
  const { id, administrative, health, priority, weight, drilled, advertisement } = recorded
  return {
    id,
    administrative,
    health,
    priority,
    weight,
    ...(drilled === undefined ? {} : { drilled }),
    ...(advertisement === undefined ? {} : { advertisement: { ...advertisement, model: NOTHING } }),
  }
}

/** The record says what the advertisement said to this client, so the advertisement itself is not needed. */
const NOTHING = { capabilities: [], diagnostics: [] }

function clientOf({ client }: DecisionRecord): Client {
  const { address: text, asn, country, subdivision } = client
  const read = readClient(text)
  if ('invalid' in read) throw new RangeError(read.invalid)
  return {
    ...read,
    ...(asn === undefined ? {} : { asn }),
    ...(country === undefined ? {} : { country }),
    ...(subdivision === undefined ? {} : { subdivision }),
  }
}
