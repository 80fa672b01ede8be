import type { Footprint } from '../../fci/footprint.ts'
import { type Address, formatAddress, lastValue, type Prefix, parseAddress } from '../../fci/prefix.ts'
import type { ProviderFacts } from '../../routing/decision.ts'
import type { RouteService } from '../route-service.ts'

/** A client that the lookup sends to the provider, and who else may serve it. */
export interface DrillClient {
  readonly address: string
  /** Behind the provider, best first. */
  readonly alternatives: readonly string[]
}

export interface FindDrillClient {
  readonly routes: RouteService
  readonly facts: readonly ProviderFacts[]
  readonly provider: string
  readonly scope: string
}

const MAX_PREFIXES = 128
/** From the blocks for documentation (RFC 5737, RFC 3849): for footprints that hold everybody. */
const ANYBODY = ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1']

/**
 * Looks for an address which the lookup answers with the provider first: inside the prefixes that the provider
 * advertises, then inside those of others (footprints by country or network name no address), then anywhere.
 * Prefers one that others may serve too; `undefined` when the provider is first for none that was tried.
 */
export async function findDrillClient(request: FindDrillClient): Promise<DrillClient | undefined> {
  let lonely: DrillClient | undefined
  for (const address of addressesToTry(request)) {
    const answer = await request.routes.decide({ client: address, scope: request.scope })
    const [first, ...others] = answer.decision.candidates.map(({ provider }) => provider)
    if (first !== request.provider) continue
    if (others.length > 0) return { address, alternatives: others }
    lonely ??= { address, alternatives: [] }
  }
  return lonely
}

function addressesToTry({ facts, provider }: FindDrillClient): readonly string[] {
  const prefixesOf = (chosen: readonly ProviderFacts[]): readonly Prefix[] =>
    sample(chosen.flatMap(({ advertisement }) => advertisement?.model.capabilities ?? []).flatMap(advertisedPrefixes))
  const own = prefixesOf(facts.filter(({ id }) => id === provider))
  const others = prefixesOf(facts.filter(({ id }) => id !== provider))
  const addresses = [...own, ...others].flatMap(pointsOf).map(formatAddress)
  return [...new Set([...addresses, ...ANYBODY])].filter((text) => parseAddress(text) !== undefined)
}

function advertisedPrefixes({ footprint }: { readonly footprint: Footprint }): readonly Prefix[] {
  switch (footprint.kind) {
    case 'global':
      return []
    case 'some':
      return footprint.anyOf.flatMap(({ prefixes }) => prefixes ?? [])
  }
}

/** At most so many, evenly spread: an advertisement may hold a hundred thousand. */
function sample(prefixes: readonly Prefix[]): readonly Prefix[] {
  const step = Math.max(1, Math.ceil(prefixes.length / MAX_PREFIXES))
  return prefixes.filter((_, index) => index % step === 0)
}

/** Near the start, in the middle, near the end: another provider may advertise a part of the prefix. */
function pointsOf(prefix: Prefix): readonly Address[] {
  const { version, value } = prefix
  const last = lastValue(prefix)
  const room = last - value
  const offsets = room < 2n ? [0n] : [1n, room / 2n, room - 1n]
  return offsets.map((offset) => ({ version, value: value + offset }))
}
