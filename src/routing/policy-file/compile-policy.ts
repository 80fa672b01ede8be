import type { Footprint } from '../../fci/footprint.ts'
import type { RoutingPolicy } from '../policy.ts'
import { applySettings } from './merge-settings.ts'
import type { PolicyDocument, Settings } from './policy-document.ts'
import { type ReadRules, readRules } from './read-rules.ts'

/** A policy file ready for look-ups. */
export interface CompiledPolicy {
  readonly revision: string
  readonly document: PolicyDocument
  /** The policy of a scope, or of none, at a time in milliseconds; one object while it is the same. */
  readonly of: (scope: { readonly id: string; readonly owner: string } | undefined, now: number) => RoutingPolicy
  /** Of all its rules: its column in the coverage map. */
  readonly footprints: readonly Footprint[]
  /** When the next override runs out, milliseconds since the epoch; infinity: none will. */
  readonly nextExpiry: (now: number) => number
}

const MAX_RESOLVED = 10_000

/** Compiles a document that `lintPolicy` finds no error in. `base` is what holds where it says nothing. */
export function compilePolicy(document: PolicyDocument, base: RoutingPolicy, revision: string): CompiledPolicy {
  const rules = readRules(document)
  const { tenants = {}, scopes = {}, overrides = [] } = document
  const expiries = overrides.map(({ expires_at: at }) => Date.parse(at))
  /** By tenant and scope that the file names, and by the overrides in force. */
  const resolved = new Map<string, RoutingPolicy>()
  const plain = { ...base, revision }

  return {
    revision,
    document,
    footprints: rules.footprints,
    nextExpiry: (now) => Math.min(...expiries.filter((at) => at > now), Number.POSITIVE_INFINITY),
    of(scope, now) {
      const owner = scope?.owner
      const id = scope?.id
      const inForce = overrides.filter(
        (override, i) =>
          (expiries[i] ?? 0) > now &&
          (override.scope === undefined || override.scope === id) &&
          (override.tenant === undefined || override.tenant === owner),
      )
      const tenant = owner !== undefined && Object.hasOwn(tenants, owner) ? tenants[owner] : undefined
      const own = id !== undefined && Object.hasOwn(scopes, id) ? scopes[id] : undefined
      const key = [
        tenant === undefined ? '' : owner,
        own === undefined ? '' : id,
        ...inForce.map((override) => override.id),
      ].join('\n')
      const known = resolved.get(key)
      if (known !== undefined) return known
      const levels: readonly Settings[] = [
        ...(document.defaults === undefined ? [] : [document.defaults]),
        ...levelsOf(document, tenant),
        ...levelsOf(document, own),
        ...inForce.map(({ set }) => set),
      ]
      const policy = resolve(plain, levels, rules)
      if (resolved.size >= MAX_RESOLVED) resolved.clear()
      resolved.set(key, policy)
      return policy
    },
  }
}

function resolve(base: RoutingPolicy, levels: readonly Settings[], rules: ReadRules): RoutingPolicy {
  return levels.reduce((policy, settings) => applySettings(policy, settings, rules.of(settings)), base)
}

/** A level behind the profiles that it builds on, the widest first. */
function levelsOf(
  { profiles = {} }: PolicyDocument,
  level: (Settings & { readonly profile?: string | undefined }) | undefined,
): readonly Settings[] {
  if (level === undefined) return []
  const chain: Settings[] = [level]
  const passed = new Set<string>()
  for (let name = level.profile; name !== undefined && !passed.has(name); name = profiles[name]?.extends) {
    passed.add(name)
    const profile = profiles[name]
    if (profile !== undefined) chain.unshift(profile)
  }
  return chain
}
