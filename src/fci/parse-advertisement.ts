import type { AdvertisedCapability, Advertisement } from './advertisement.ts'
import { AdvertisementError } from './advertisement-error.ts'
import { canonicalCapabilities } from './canonical-advertisement.ts'
import { isJsonList, isJsonObject } from './canonical-json.ts'
import type { PlacedCapability } from './capabilities/capacity-references.ts'
import { checkCapacityReferences } from './capabilities/capacity-references.ts'
import { capabilityTypeOf, readCapabilityValue } from './capability-value.ts'
import type { CdnPath } from './cdn-path.ts'
import { readCdnPath } from './cdn-path.ts'
import { parseJsonText } from './json-text.ts'
import { PrefixRuns } from './prefix-runs.ts'
import { collectQualifiedAsns } from './qualified-asns.ts'
import { readFootprints } from './read-footprints.ts'
import type { Reading, ReadOptions } from './reading.ts'
import { quote, startReading } from './reading.ts'
import { readRequoted } from './requote-expressions.ts'

const DEFAULT_MAX_LENGTH = 64 * 1024 * 1024
/** An advertisement proper needs eight levels; the rest is room for values that we do not know. */
const MAX_DEPTH = 64

/**
 * Reads an advertisement from its JSON text (RFC 8008 5.2: I-JSON).
 * Throws AdvertisementError if it is no I-JSON, too large, or no advertisement; everything less is a diagnostic.
 */
export function parseAdvertisementText(text: string, options: ReadOptions = {}): Advertisement {
  const limits = { maxLength: options.maxLength ?? DEFAULT_MAX_LENGTH, maxDepth: MAX_DEPTH }
  return readRequoted(text, options.mode !== 'strict', (json) => {
    const runs = new PrefixRuns(json)
    const advertisement = readDocument(parseJsonText(json, limits, runs), options, runs)
    return runs.isAnyLeft ? readDocument(parseJsonText(json, limits), options) : advertisement
  })
}

/**
 * Reads an advertisement in the envelope of RFC 8008 (`capabilities`) or RFC 9241 (`cdni-advertisement`) into canonical
 * form. What cannot be understood narrows or drops the object concerned and never widens it.
 * Throws AdvertisementError `not-an-advertisement` or `too-large`.
 */
export function parseAdvertisement(document: unknown, options: ReadOptions = {}): Advertisement {
  return readDocument(document, options)
}

function readDocument(document: unknown, options: ReadOptions, runs?: PrefixRuns): Advertisement {
  const { envelope, items, member, pointer: at } = findCapabilities(document)
  const pointer = `${at}/${member}`
  const reading = startReading(options, () => collectQualifiedAsns(footprintsOf(items)), runs)
  if (items.length > reading.maxCapabilities) {
    throw new AdvertisementError('too-large', pointer, `more than ${reading.maxCapabilities} capability objects`)
  }
  const path = readCdnPath(envelope, at, reading)
  const placed: PlacedCapability[] = []
  for (const [i, item] of items.entries()) {
    const capability = readCapability(item, `${pointer}/${i}`, path, reading)
    if (capability !== undefined) placed.push({ capability, pointer: `${pointer}/${i}/capability-value` })
  }
  const capabilities = checkCapacityReferences(placed, reading)
  return { capabilities: canonicalCapabilities(capabilities), diagnostics: reading.diagnostics }
}

/** The object that holds the list, and where it is. */
interface Envelope {
  readonly envelope: { readonly [member: string]: unknown }
  readonly items: readonly unknown[]
  readonly member: string
  readonly pointer: string
}

function findCapabilities(document: unknown): Envelope {
  if (!isJsonObject(document)) {
    throw new AdvertisementError('not-an-advertisement', '', `${quote(document)} is not an object`)
  }
  const alto = document['cdni-advertisement']
  if (alto === undefined) return arrayMember(document, 'capabilities', '')
  if (!isJsonObject(alto)) {
    throw new AdvertisementError('not-an-advertisement', '/cdni-advertisement', `${quote(alto)} is not an object`)
  }
  return arrayMember(alto, 'capabilities-with-footprints', '/cdni-advertisement')
}

function arrayMember(envelope: Envelope['envelope'], member: string, pointer: string): Envelope {
  const items = envelope[member]
  if (isJsonList(items)) return { envelope, items, member, pointer }
  const found = items === undefined ? 'is missing' : `is ${quote(items)} and not an array`
  throw new AdvertisementError('not-an-advertisement', pointer, `the member "${member}" ${found}`)
}

function readCapability(
  item: unknown,
  pointer: string,
  inherited: CdnPath,
  reading: Reading,
): AdvertisedCapability | undefined {
  if (!isJsonObject(item)) {
    reading.error('capability-invalid', pointer, `${quote(item)} is not a capability object; it is left out`)
    return undefined
  }
  const given = item['capability-type']
  if (typeof given !== 'string' || given === '') {
    reading.error(
      'capability-invalid',
      `${pointer}/capability-type`,
      `${quote(given)} is not a capability type; the object is left out`,
    )
    return undefined
  }
  const type = capabilityTypeOf(given)
  if (type !== given) {
    reading.warn('capability-type-case', `${pointer}/capability-type`, `${quote(given)} is registered as "${type}"`)
  }
  const value = readCapabilityValue(type, item['capability-value'], `${pointer}/capability-value`, reading)
  if (value === undefined) return undefined
  const footprint = readFootprints(item['footprints'], `${pointer}/footprints`, reading)
  return { type, value, footprint, ...readCdnPath(item, pointer, reading, inherited) }
}

function footprintsOf(items: readonly unknown[]): readonly unknown[] {
  return items.map((item) => (isJsonObject(item) ? item['footprints'] : undefined))
}
