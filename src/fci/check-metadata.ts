import { AdvertisementError } from './advertisement-error.ts'
import { isJsonList, isJsonObject } from './canonical-json.ts'
import type { DiagnosticCode } from './diagnostic-clauses.ts'
import type { Finding } from './findings.ts'
import { findingsOf } from './findings.ts'
import { parseJsonText } from './json-text.ts'
import { metadataTypeKey, readMetadataArray } from './private-features/generic-metadata.ts'
import type { ConfiguredFeatures, MetadataLevel } from './private-features/metadata-features.ts'
import { featuresInForce } from './private-features/metadata-features.ts'
import type { Reading, ReadOptions } from './reading.ts'
import { quote, silentReading, startReading } from './reading.ts'

/** What is in force for one host or path. */
export interface MetadataSummary {
  /** The host, then the path patterns that lead there. */
  readonly place: readonly string[]
  /** GenericMetadata types, inherited ones too (RFC 8006 3.3). */
  readonly types: readonly string[]
  /** Those of them that are mandatory to enforce. */
  readonly mandatory: readonly string[]
  readonly features: ConfiguredFeatures['features']
  /** Content there must not be served: metadata that is to be enforced cannot be used. */
  readonly isBlocked: boolean
}

export interface MetadataReport {
  readonly kind: 'metadata'
  readonly findings: readonly Finding[]
  /** The first thousand places; absent if the document is refused as a whole. */
  readonly understood?: readonly MetadataSummary[]
}

const MAX_LENGTH = 64 * 1024 * 1024
const MAX_DEPTH = 128
const MAX_PLACES = 1000

/**
 * Reads metadata (RFC 8006 4.1: HostIndex, HostMatch, HostMetadata, PathMetadata, or an array of GenericMetadata) as far
 * as private features go, and tells what is in force where. Links are not followed.
 */
export function checkMetadata(text: string, options: ReadOptions): MetadataReport {
  try {
    const document = parseJsonText(text, { maxLength: options.maxLength ?? MAX_LENGTH, maxDepth: MAX_DEPTH })
    const reading = startReading(options, () => new Map())
    const places: MetadataSummary[] = []
    visit(document, { place: [], levels: [], pointer: '' }, { reading, places })
    if (places.length === 0 && reading.diagnostics.length === 0) {
      reading.error('metadata-invalid', '', 'it is neither metadata nor a tree of it')
    }
    return { kind: 'metadata', findings: findingsOf(reading.diagnostics, text), understood: places }
  } catch (error) {
    if (!(error instanceof AdvertisementError)) throw error
    const code: DiagnosticCode = error.fault
    const { pointer, message } = error
    return { kind: 'metadata', findings: findingsOf([{ severity: 'error', code, pointer, message }], undefined) }
  }
}

/** Where in the tree, and what was said on the way. */
interface Spot {
  readonly place: readonly string[]
  readonly levels: readonly MetadataLevel[]
  readonly pointer: string
}

interface Visit {
  readonly reading: Reading
  readonly places: MetadataSummary[]
}

function visit(node: unknown, spot: Spot, to: Visit): void {
  if (to.places.length >= MAX_PLACES) return
  const { place, levels, pointer } = spot
  if (isJsonList(node)) return enter(node, pointer, spot, to)
  if (!isJsonObject(node)) {
    to.reading.error('metadata-invalid', pointer, `${quote(node)} is no metadata; it is left out`)
    return
  }
  if ('href' in node) {
    to.reading.warn('metadata-link', pointer, 'a Link is not followed here; check what it leads to by itself')
    return
  }
  const below = levels.length
  if (isJsonList(node['metadata'])) enter(node['metadata'], `${pointer}/metadata`, spot, to)
  const own = isJsonList(node['metadata'])
    ? [...levels, levelOf(node['metadata'], `${pointer}/metadata`, silentReading())]
    : levels
  const inside = (member: string, at: string, name: unknown): void => {
    const next = typeof name === 'string' ? [...place, name] : place
    visit(node[member], { place: next, levels: own, pointer: at }, to)
  }
  if ('host-metadata' in node) inside('host-metadata', `${pointer}/host-metadata`, node['host'])
  if ('path-metadata' in node) inside('path-metadata', `${pointer}/path-metadata`, patternOf(node['path-pattern']))
  for (const member of ['hosts', 'paths']) {
    const items = node[member]
    if (!isJsonList(items) || below > MAX_DEPTH) continue
    for (const [i, item] of items.entries()) {
      visit(item, { place, levels: own, pointer: `${pointer}/${member}/${i}` }, to)
    }
  }
}

/** Adds the place whose own array this is. */
function enter(metadata: readonly unknown[], pointer: string, { place, levels }: Spot, to: Visit): void {
  const level = levelOf(metadata, pointer, to.reading)
  // The levels above have had their say.
  featuresInForce([level], to.reading)
  const all = [...levels, level]
  const { features, rejected } = featuresInForce(all, silentReading())
  const inForce = new Map(all.flatMap((one) => one.metadata).map((one) => [metadataTypeKey(one.type), one]))
  const objects = [...inForce.values()]
  const mandatory = objects.filter(({ mandatoryToEnforce }) => mandatoryToEnforce)
  to.places.push({
    place,
    types: objects.map(({ type }) => type).sort(),
    mandatory: mandatory.map(({ type }) => type).sort(),
    features,
    isBlocked:
      rejected.some(({ mandatoryToEnforce }) => mandatoryToEnforce) ||
      mandatory.some(({ incomprehensible }) => incomprehensible),
  })
}

function levelOf(metadata: readonly unknown[], pointer: string, reading: Reading): MetadataLevel {
  return { metadata: readMetadataArray(metadata, pointer, reading), pointer }
}

function patternOf(value: unknown): unknown {
  return isJsonObject(value) ? value['pattern'] : value
}
