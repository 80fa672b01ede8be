import type { CapacityLimit, EffectiveCapabilities } from '../../src/fci/effective-capabilities.ts'
import { decide, type RoutingQuestion } from '../../src/routing/decide.ts'
import type { Decision } from '../../src/routing/decision.ts'
import { plainRules } from '../../src/routing/footprint-rules.ts'
import type { RoutingPolicy } from '../../src/routing/policy.ts'
import { type CoverageLookup, plainCoverage } from '../../src/routing/provider-coverage.ts'
import { clientPrefixKey } from '../../src/routing/routing-key.ts'
import { clientAt, NOW, POLICY, type ProviderSketch, providerFrom } from './routing-facts.ts'

/** A sketch with what the provider offers besides MoQ. */
export interface OfferSketch extends ProviderSketch {
  readonly offers?: Partial<EffectiveCapabilities>
}

export interface Asking extends Partial<Pick<RoutingQuestion, 'usage' | 'measured' | 'key' | 'now'>> {
  readonly client?: string
  readonly policy?: Partial<RoutingPolicy>
}

/** The decision over sketched providers, with the offers as they are sketched. */
export function askOffers(sketches: readonly OfferSketch[], asking: Asking = {}): Decision {
  const client = clientAt(asking.client ?? '192.0.2.7')
  const coverage: CoverageLookup = (provider, held) => {
    const { moq, saysMoq, delivery, saysDelivery, capabilities } = plainCoverage(held.model, client)
    const offers = sketches.find(({ id }) => id === provider)?.offers
    return { moq, saysMoq, delivery, saysDelivery, capabilities: { ...capabilities, ...offers } }
  }
  return decide({
    client,
    coverage,
    rules: plainRules(client),
    providers: sketches.map(providerFrom),
    policy: { ...POLICY, ...asking.policy },
    now: asking.now ?? NOW,
    key: asking.key ?? clientPrefixKey(client.address),
    ...(asking.usage === undefined ? {} : { usage: asking.usage }),
    ...(asking.measured === undefined ? {} : { measured: asking.measured }),
  })
}

export function limit(limitType: string, soft: number, hard: number, current?: number): CapacityLimit {
  return { limitType, maximumSoft: soft, maximumHard: hard, ...(current === undefined ? {} : { current }) }
}

export const order = (decision: Decision): readonly string[] => decision.candidates.map(({ provider }) => provider)

export const rules = (decision: Decision): readonly string[] =>
  decision.rejected.map(({ provider, rule }) => `${provider} ${rule}`)
