import { versionOf } from '../../src/fci/advertisement-version.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import type { Client } from '../../src/routing/client.ts'
import { describeClient } from '../../src/routing/client.ts'
import type { ProviderFacts } from '../../src/routing/decision.ts'
import { parseGeoCsv } from '../../src/routing/geo-csv.ts'
import { plainPolicy, type RoutingPolicy } from '../../src/routing/policy.ts'

export const NOW = 1_800_000_000_000

export const POLICY: RoutingPolicy = plainPolicy({
  ttlSeconds: 60,
  degradedTtlSeconds: 10,
  requireMoqCapability: true,
})

const geo = parseGeoCsv(
  'ip_prefix,country,subdivision,asn\n192.0.2.0/24,us,us-ny,64496\n198.51.100.0/24,de,,64497\n2001:db8::/32,us,us-nj,64496\n',
  { path: 'geo.csv', name: 'geo.csv', builtAt: 0 },
)

export function clientAt(text: string): Client {
  const client = describeClient(text, geo)
  if ('invalid' in client) throw new Error(client.invalid)
  return client
}

/**
 * What a provider is, in short: `serves` is a list of footprint values, tried one after another and told apart by their
 * form (`192.0.2.0/24`, `as64496`, `us`, `us-ny`, `*` for everybody), or `nothing` for no advertisement.
 */
export interface ProviderSketch extends Partial<Omit<ProviderFacts, 'advertisement'>> {
  readonly id: string
  readonly serves?: readonly string[] | 'nothing'
  readonly protocol?: string
  readonly stale?: boolean
  readonly expired?: boolean
  readonly confirmedAt?: number
}

export function providerFrom(sketch: ProviderSketch): ProviderFacts {
  const { serves = ['*'], protocol = 'moqt', stale = false, expired = false, confirmedAt = NOW, ...rest } = sketch
  const facts = {
    administrative: { state: 'enabled' as const },
    health: { state: 'up' as const },
    priority: 10,
    weight: 100,
    ...rest,
  }
  if (serves === 'nothing') return facts
  const model = parseAdvertisement({
    capabilities: serves.map((value) => ({
      'capability-type': 'FCI.DeliveryProtocol',
      'capability-value': { 'delivery-protocols': [protocol] },
      ...(value === '*' ? {} : { footprints: [wireFootprint(value)] }),
    })),
  })
  return {
    ...facts,
    advertisement: { model, version: versionOf(model), fetchedAt: confirmedAt, confirmedAt, stale, expired },
  }
}

/** A footprint object of one value, whose type is told by its form. */
export function wireFootprint(value: string) {
  return { 'footprint-type': typeOf(value), 'footprint-value': [value] }
}

function typeOf(value: string): string {
  if (value.includes(':')) return 'ipv6cidr'
  if (value.includes('/')) return 'ipv4cidr'
  if (/^as\d/.test(value)) return 'asn'
  return value.includes('-') ? 'subdivisioncode' : 'countrycode'
}
