import { canonicalJson, toJsonValue } from '../../fci/canonical-json.ts'
import type { Footprint } from '../../fci/footprint.ts'
import { intersectFootprints } from '../../fci/footprint-algebra.ts'
import { printFootprint } from '../../fci/print-footprints.ts'
import type { FootprintRule } from '../policy.ts'
import { type PolicyDocument, PolicyDocumentSchema, type PolicyFinding, pointerTo } from './policy-document.ts'
import { type ReadRules, readRules } from './read-rules.ts'
import { type SettingsPlace, settingsPlaces } from './settings-places.ts'

/** What a document is checked against. */
export interface PolicySurroundings {
  /** Ids of the configured providers, with the weights of the configuration. */
  readonly providers: ReadonlyMap<string, { readonly weight: number }>
  /** Milliseconds since the epoch. */
  readonly now: number
}

export interface LintedPolicy {
  /** Undefined: it has an error. */
  readonly document: PolicyDocument | undefined
  readonly findings: readonly PolicyFinding[]
}

/** Checks a document of any shape. Never throws. */
export function lintPolicy(value: unknown, surroundings: PolicySurroundings): LintedPolicy {
  const parsed = PolicyDocumentSchema.safeParse(value)
  if (!parsed.success) {
    const findings = parsed.error.issues.flatMap((issue): readonly PolicyFinding[] =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => finding('error', 'shape', 'there is no such key', [...issue.path, key]))
        : [finding('error', 'shape', issue.message, issue.path)],
    )
    return { document: undefined, findings }
  }
  const document = parsed.data
  const rules = readRules(document)
  const findings = [
    ...rules.findings,
    ...lintProfiles(document),
    ...settingsPlaces(document).flatMap((place) => lintSettings(place, rules, surroundings)),
    ...lintOverrides(document, surroundings.now),
    ...lintWeights(document, surroundings),
  ]
  return { document: findings.some(({ severity }) => severity === 'error') ? undefined : document, findings }
}

function finding(
  severity: PolicyFinding['severity'],
  code: string,
  message: string,
  path: readonly PropertyKey[],
): PolicyFinding {
  return { severity, code, message, pointer: pointerTo(...path) }
}

function lintProfiles({ profiles = {}, tenants = {}, scopes = {} }: PolicyDocument): readonly PolicyFinding[] {
  const findings: PolicyFinding[] = []
  const used = new Set<string>()
  const refer = (name: string | undefined, path: readonly string[]): void => {
    if (name === undefined) return
    used.add(name)
    if (!Object.hasOwn(profiles, name)) {
      findings.push(finding('error', 'unknown-profile', `there is no profile "${name}"`, path))
    }
  }
  for (const [name, { extends: wider }] of Object.entries(profiles)) {
    refer(wider, ['profiles', name, 'extends'])
    const way = [name]
    for (let next = wider; next !== undefined; next = profiles[next]?.extends) {
      if (next === name) {
        const circle = [...way, name].join(' -> ')
        const message = `profiles build on one another in a circle: ${circle}`
        findings.push(finding('error', 'profile-cycle', message, ['profiles', name, 'extends']))
        break
      }
      if (way.includes(next)) break
      way.push(next)
    }
  }
  for (const [name, { profile }] of Object.entries(tenants)) refer(profile, ['tenants', name, 'profile'])
  for (const [name, { profile }] of Object.entries(scopes)) refer(profile, ['scopes', name, 'profile'])
  for (const name of Object.keys(profiles)) {
    if (!used.has(name)) {
      findings.push(finding('warning', 'unused-profile', 'nothing builds on this profile', ['profiles', name]))
    }
  }
  return findings
}

function lintSettings(
  { path, settings }: SettingsPlace,
  rules: ReadRules,
  { providers }: PolicySurroundings,
): readonly PolicyFinding[] {
  const findings: PolicyFinding[] = []
  const known = [...providers.keys()].join(', ')
  const checkProvider = (id: string, ...place: readonly PropertyKey[]): void => {
    if (providers.has(id)) return
    findings.push(
      finding('error', 'unknown-provider', `"${id}" is none of the providers ${known}`, [...path, ...place]),
    )
  }
  for (const [id, { volume }] of Object.entries(settings.providers ?? {})) {
    checkProvider(id, 'providers', id)
    if (volume?.soft_bytes !== undefined && volume.soft_bytes > (volume.hard_bytes ?? Number.NEGATIVE_INFINITY)) {
      const message = volume.hard_bytes === undefined ? 'has no meaning without hard_bytes' : 'is above hard_bytes'
      findings.push(finding('error', 'volume', message, [...path, 'providers', id, 'volume', 'soft_bytes']))
    }
  }
  settings.rules?.forEach((rule, i) => {
    rule.providers?.forEach((id, j) => {
      checkProvider(id, 'rules', i, 'providers', j)
    })
  })
  const { ttl_seconds: ttl, degraded_ttl_seconds: degraded } = settings
  if (ttl !== undefined && degraded !== undefined && degraded > ttl) {
    const message = 'is above ttl_seconds, which is used instead'
    findings.push(finding('warning', 'degraded-ttl', message, [...path, 'degraded_ttl_seconds']))
  }
  return [...findings, ...lintShadows(rules.of(settings), path)]
}

/** Footprints are compared pair by pair. */
const MAX_COMPARED_RULES = 100

/** Rules whose clients an earlier rule of the same list has decided already. */
function lintShadows(rules: readonly FootprintRule[], path: readonly PropertyKey[]): readonly PolicyFinding[] {
  const findings: PolicyFinding[] = []
  rules.slice(0, MAX_COMPARED_RULES).forEach((rule, i) => {
    const shadow = rules.slice(0, i).find((earlier) => {
      const speaksOfAll = earlier.providers === undefined
      const speaksOfThese = [...(rule.providers ?? [])].every((id) => earlier.providers?.has(id))
      return (
        (speaksOfAll || (rule.providers !== undefined && speaksOfThese)) && holds(earlier.footprint, rule.footprint)
      )
    })
    if (shadow === undefined) return
    const message = `never decides: rule "${shadow.id}" before it holds all of its clients`
    findings.push(finding('warning', 'shadowed-rule', message, [...path, 'rules', i]))
  })
  return findings
}

/** Whether every client of `inner` is surely one of `outer`. */
function holds(outer: Footprint, inner: Footprint): boolean {
  return outer.kind === 'global' || textOf(intersectFootprints(outer, inner)) === textOf(inner)
}

function textOf(footprint: Footprint): string {
  return canonicalJson(toJsonValue(printFootprint(footprint), 64) ?? '')
}

function lintOverrides({ overrides = [] }: PolicyDocument, now: number): readonly PolicyFinding[] {
  const findings: PolicyFinding[] = []
  const seen = new Set<string>()
  overrides.forEach(({ id, expires_at: at }, i) => {
    if (seen.has(id)) {
      findings.push(finding('error', 'duplicate-override', `override "${id}" stands twice`, ['overrides', i, 'id']))
    }
    seen.add(id)
    if (Date.parse(at) <= now) {
      findings.push(finding('warning', 'override-expired', 'has run out, so it does nothing', ['overrides', i]))
    }
  })
  return findings
}

function lintWeights({ defaults }: PolicyDocument, { providers }: PolicySurroundings): readonly PolicyFinding[] {
  const terms = defaults?.providers ?? {}
  const left = [...providers].filter(([id]) => (terms[id]?.excluded ?? '') === '')
  if (providers.size > 0 && left.length === 0) {
    return [
      finding('error', 'all-excluded', 'every provider is excluded, so nobody is served', ['defaults', 'providers']),
    ]
  }
  const findings: PolicyFinding[] = []
  if (left.length > 0 && left.every(([id, { weight }]) => (terms[id]?.weight ?? weight) === 0)) {
    const message = 'every provider has weight 0, so all of them are a last resort and only their ids tell them apart'
    findings.push(finding('warning', 'no-weight', message, ['defaults', 'providers']))
  }
  const unpriced = left.filter(([id]) => terms[id]?.price === undefined).map(([id]) => id)
  if (defaults?.balance?.by === 'cost' && unpriced.length > 0) {
    const message = `without a price ${unpriced.join(', ')} stand last among equals`
    findings.push(finding('warning', 'no-price', message, ['defaults', 'balance', 'by']))
  }
  return findings
}
