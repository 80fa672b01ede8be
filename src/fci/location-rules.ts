import type { Diagnostic } from './advertisement.ts'
import { AdvertisementError } from './advertisement-error.ts'
import { isJsonList, isJsonObject } from './canonical-json.ts'
import type { Footprint } from './footprint.ts'
import { uniteFootprints } from './footprint-algebra.ts'
import type { ClientFacts } from './match-footprint.ts'
import { isMatchable, matchFootprint } from './match-footprint.ts'
import { collectQualifiedAsns } from './qualified-asns.ts'
import { readFootprint } from './read-footprints.ts'
import type { Reading, ReadOptions } from './reading.ts'
import { quote, startReading } from './reading.ts'

/** A LocationRule (RFC 8006 4.2.2.1): its Footprint objects are alternatives, whatever their types. */
export interface LocationRule {
  readonly action: 'allow' | 'deny'
  readonly footprint: Footprint
  /** Whether part of its footprints could not be read, so that it may be meant for more clients than it matches. */
  readonly isPartial: boolean
}

export interface LocationAcl {
  /** Undefined: there is no list, and everybody is let in. */
  readonly rules: readonly LocationRule[] | undefined
  readonly diagnostics: readonly Diagnostic[]
}

const MAX_RULES = 10_000

/**
 * Reads the value of a LocationACL (RFC 8006 4.2.2), or the GenericMetadata object that holds it. What is not
 * understood denies. Throws AdvertisementError `too-large`.
 */
export function readLocationRules(document: unknown, options: ReadOptions = {}): LocationAcl {
  const generic = isJsonObject(document) ? document['generic-metadata-value'] : undefined
  const [value, pointer] = generic === undefined ? [document, ''] : [generic, '/generic-metadata-value']
  const locations = isJsonObject(value) ? value['locations'] : undefined
  const items = isJsonList(locations) ? locations : []
  const reading = startReading(options, () => collectQualifiedAsns(items.map(footprintsOf)))
  const { diagnostics } = reading
  if (!isJsonObject(value)) {
    reading.error('location-acl-invalid', pointer, `${quote(value)} is not a LocationACL; it denies everybody`)
    return { rules: [], diagnostics }
  }
  if (locations === undefined || locations === null) return { rules: undefined, diagnostics }
  if (!isJsonList(locations)) {
    const message = `${quote(locations)} is not an array of LocationRule objects; it denies everybody`
    reading.error('location-acl-invalid', `${pointer}/locations`, message)
    return { rules: [], diagnostics }
  }
  if (items.length > MAX_RULES) {
    throw new AdvertisementError('too-large', `${pointer}/locations`, `more than ${MAX_RULES} rules`)
  }
  return { rules: items.map((item, i) => readRule(item, `${pointer}/locations/${i}`, reading)), diagnostics }
}

function footprintsOf(rule: unknown): unknown {
  return isJsonObject(rule) ? rule['footprints'] : undefined
}

/** A rule that cannot be read stands for everybody and denies. */
function readRule(item: unknown, pointer: string, reading: Reading): LocationRule {
  const broken: LocationRule = { action: 'deny', footprint: { kind: 'global' }, isPartial: true }
  const footprints = footprintsOf(item)
  if (!isJsonObject(item) || !isJsonList(footprints)) {
    reading.error('location-rule-invalid', pointer, 'it is not a rule with an array "footprints"; it denies everybody')
    return broken
  }
  const action = item['action'] ?? 'deny'
  if (action !== 'allow' && action !== 'deny') {
    const message = `${quote(action)} is neither "allow" nor "deny"; the rule denies everybody`
    reading.error('location-action-invalid', `${pointer}/action`, message)
    return broken
  }
  reading.spendValues(footprints.length, `${pointer}/footprints`)
  let isPartial = false
  const watching: Reading = {
    ...reading,
    error: (code, at, message) => {
      isPartial = true
      reading.error(code, at, message)
    },
  }
  const parts = footprints.map((one, i) => readFootprint(one, `${pointer}/footprints/${i}`, watching))
  return { action, footprint: uniteFootprints(parts), isPartial }
}

/** Whether a footprint has parts that hold for nobody only because nobody here understands them. */
function isOpen(footprint: Footprint): boolean {
  return footprint.kind === 'some' && !footprint.anyOf.every(isMatchable)
}

/**
 * Whether a client is let in (RFC 8006 4.2.2): the first rule that holds decides, and nobody is let in whom none holds
 * for. A rule that denies and was not wholly understood may hold for anybody, so it decides too.
 */
export function isLocationAllowed({ rules }: LocationAcl, client: ClientFacts): boolean {
  if (rules === undefined) return true
  for (const { action, footprint, isPartial } of rules) {
    if (matchFootprint(footprint, client) !== undefined) return action === 'allow'
    if (action === 'deny' && (isPartial || isOpen(footprint))) return false
  }
  return false
}
