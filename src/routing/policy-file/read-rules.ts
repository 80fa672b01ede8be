import type { Footprint } from '../../fci/footprint.ts'
import { parseAdvertisement } from '../../fci/parse-advertisement.ts'
import type { FootprintRule } from '../policy.ts'
import { type PolicyDocument, type PolicyFinding, pointerTo, type Settings } from './policy-document.ts'
import { settingsPlaces } from './settings-places.ts'

/** The rules of a document, read once each. */
export interface ReadRules {
  /** By the settings in which they stand. */
  readonly of: (settings: Settings) => readonly FootprintRule[]
  /** By `position` of the rules: the footprints of the policy's column in the coverage map. */
  readonly footprints: readonly Footprint[]
  readonly findings: readonly PolicyFinding[]
}

/** Reads all footprints strictly: one that would be repaired in an advertisement is an error here. */
export function readRules(document: PolicyDocument): ReadRules {
  const footprints: Footprint[] = []
  const findings: PolicyFinding[] = []
  const rules = new Map<Settings, readonly FootprintRule[]>()
  const seen = new Map<string, string>()
  for (const { path, settings } of settingsPlaces(document)) {
    const read = (settings.rules ?? []).map((rule, i): FootprintRule => {
      const pointer = pointerTo(...path, 'rules', i)
      const earlier = seen.get(rule.id)
      if (earlier === undefined) seen.set(rule.id, pointer)
      else {
        findings.push({
          severity: 'error',
          code: 'duplicate-rule',
          message: `rule "${rule.id}" stands at ${earlier} already; answers name rules, so each needs its own id`,
          pointer: `${pointer}/id`,
        })
      }
      const { footprint, problems } = readFootprint(rule.footprints, `${pointer}/footprints`)
      findings.push(...problems)
      const position = footprints.push(footprint) - 1
      const { id, action, providers } = rule
      return { id, action, footprint, position, ...(providers === undefined ? {} : { providers: new Set(providers) }) }
    })
    if (read.length > 0) rules.set(settings, read)
  }
  return { of: (settings) => rules.get(settings) ?? [], footprints, findings }
}

const CARRIER = '/capabilities/0/footprints'

function readFootprint(
  objects: unknown,
  pointer: string,
): { readonly footprint: Footprint; readonly problems: readonly PolicyFinding[] } {
  const { capabilities, diagnostics } = parseAdvertisement(
    { capabilities: [{ 'capability-type': 'FCI.Rule', 'capability-value': {}, footprints: objects }] },
    { mode: 'strict', maxFootprintValues: 100_000 },
  )
  const problems = diagnostics.map(
    (one): PolicyFinding => ({
      severity: 'error',
      code: one.code,
      message: one.message,
      pointer: one.pointer.startsWith(CARRIER) ? `${pointer}${one.pointer.slice(CARRIER.length)}` : pointer,
    }),
  )
  const footprint = capabilities[0]?.footprint ?? { kind: 'some', anyOf: [] }
  if (footprint.kind === 'some' && footprint.anyOf.some(isElsewhere)) {
    problems.push({
      severity: 'error',
      code: 'footprint-unresolved',
      message: 'named footprints, private data sources and unknown types cannot be used in a rule',
      pointer,
    })
  }
  return { footprint, problems }
}

/** Whether a conjunction depends on more than the client's address and its usual facts. */
function isElsewhere(conjunction: object): boolean {
  return ['named', 'sourced', 'unknown'].some((member) => member in conjunction)
}
