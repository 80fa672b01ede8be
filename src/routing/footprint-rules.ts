import type { Footprint } from '../fci/footprint.ts'
import type { ClientFacts } from '../fci/match-footprint.ts'
import { buildFootprintIndex, type FootprintIndex } from './footprint-index.ts'
import type { FootprintRule, RoutingPolicy } from './policy.ts'

/** Whether the rule's footprint holds the client of the question. */
export type RuleLookup = (rule: FootprintRule) => boolean

const indexes = new WeakMap<Footprint, FootprintIndex>()

/** Reads the footprints themselves: the reference for what the compiled map says. */
export function plainRules(client: ClientFacts): RuleLookup {
  return ({ footprint }) => {
    let index = indexes.get(footprint)
    if (index === undefined) {
      index = buildFootprintIndex(footprint)
      indexes.set(footprint, index)
    }
    return index.match(client) !== undefined
  }
}

/** Why the rules keep this provider from serving the client; undefined: they do not. */
export function denyingRule(
  { rules, otherwise }: RoutingPolicy,
  provider: string,
  holds: RuleLookup,
): { readonly rule: FootprintRule | undefined } | undefined {
  for (const rule of rules) {
    if (rule.providers?.has(provider) === false || !holds(rule)) continue
    return rule.action === 'deny' ? { rule } : undefined
  }
  return otherwise === 'deny' ? { rule: undefined } : undefined
}
