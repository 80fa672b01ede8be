import { containsAddress, type Prefix, parseAddress } from '../../fci/prefix.ts'
import { reduceToIpv4 } from '../../routing/client.ts'
import { addressOfNode, type ForwardedElement, parseForwarded } from './forwarded.ts'

export interface OriginRules {
  /** Proxies whose word is taken for who connected to them. */
  readonly trustedProxies: readonly Prefix[]
  /** The field in which they tell it. Any other one may be the client's own invention. */
  readonly clientField: 'forwarded' | 'x-forwarded-for'
}

export const NO_PROXIES: OriginRules = { trustedProxies: [], clientField: 'x-forwarded-for' }

/** What of a request tells where it comes from. */
export interface OriginFacts {
  /** Address of the connection's peer. */
  readonly peer: string | undefined
  /** A header field by its name in lower case; several lines joined by commas. */
  header(name: string): string | undefined
}

/** Where a request comes from, as far as somebody trustworthy says so. */
export interface RequestOrigin {
  /** Address as text; `undefined` only when the connection has none. */
  readonly client: string | undefined
  /** The scheme that the client used. */
  readonly scheme: 'http' | 'https'
  /** Host, perhaps with port, that the client asked for; as sent, so not checked. */
  readonly host: string | undefined
  /** For `Vary`: fields that the answer depends on, or `undefined`. */
  readonly vary: string | undefined
}

/**
 * The client is the peer of the connection, unless that is a trusted proxy. Then the field is read from its end: what
 * each trusted proxy says of whom it spoke to, up to the first address that is no trusted proxy. Where a hop names no
 * address (`unknown`, an obfuscated identifier, a broken field), the nearest known hop is taken for the client.
 */
export function originOf(facts: OriginFacts, rules: OriginRules): RequestOrigin {
  const { peer } = facts
  if (rules.trustedProxies.length === 0 || peer === undefined || !isTrusted(peer, rules)) {
    return { client: peer, scheme: 'http', host: facts.header('host'), vary: undefined }
  }
  switch (rules.clientField) {
    case 'forwarded':
      return forwardedOrigin(facts, peer, rules)
    case 'x-forwarded-for':
      return conventionalOrigin(facts, peer, rules)
  }
}

function forwardedOrigin(facts: OriginFacts, peer: string, rules: OriginRules): RequestOrigin {
  const elements = parseForwarded(facts.header('forwarded') ?? '') ?? []
  const { client, hops } = walk(
    peer,
    elements.map((element) => element.get('for')),
    rules,
  )
  const told: ForwardedElement | undefined = elements[Math.max(0, elements.length - hops)]
  return {
    client,
    scheme: schemeOf(told?.get('proto')),
    host: told?.get('host') ?? facts.header('host'),
    vary: 'Forwarded',
  }
}

function conventionalOrigin(facts: OriginFacts, peer: string, rules: OriginRules): RequestOrigin {
  const { client, hops } = walk(peer, listOf(facts.header('x-forwarded-for')), rules)
  return {
    client,
    scheme: schemeOf(hopValue(facts.header('x-forwarded-proto'), hops)),
    host: hopValue(facts.header('x-forwarded-host'), hops) ?? facts.header('host'),
    vary: 'X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host',
  }
}

/** `hops`: how many trusted proxies were passed, at least the peer. */
function walk(
  peer: string,
  nodes: readonly (string | undefined)[],
  rules: OriginRules,
): { readonly client: string; readonly hops: number } {
  let client = peer
  for (let hops = 1; ; hops += 1) {
    const node = nodes[nodes.length - hops]
    const address = node === undefined ? undefined : addressOfNode(node)
    if (address === undefined || parseAddress(address) === undefined) return { client, hops }
    client = address
    if (!isTrusted(address, rules)) return { client, hops }
  }
}

/** Most proxies overwrite these fields with one value; where they append, each hop has its own. */
function hopValue(field: string | undefined, hops: number): string | undefined {
  const values = listOf(field)
  return values[Math.max(0, values.length - hops)]
}

function listOf(field: string | undefined): readonly string[] {
  return field === undefined ? [] : field.split(',').map((part) => part.trim())
}

function schemeOf(text: string | undefined): 'http' | 'https' {
  return text?.toLowerCase() === 'https' ? 'https' : 'http'
}

function isTrusted(text: string, { trustedProxies }: OriginRules): boolean {
  const zone = text.indexOf('%')
  const written = parseAddress(zone === -1 ? text : text.slice(0, zone))
  if (written === undefined) return false
  const address = reduceToIpv4(written)
  return trustedProxies.some((prefix) => containsAddress(prefix, address))
}
