import { AdvertisementError } from '../advertisement-error.ts'
import { isJsonList, isJsonObject } from '../canonical-json.ts'
import { parseJsonText } from '../json-text.ts'
import { PrefixRuns } from '../prefix-runs.ts'
import { collectQualifiedAsns } from '../qualified-asns.ts'
import type { Reading, ReadOptions } from '../reading.ts'
import { quote, startReading } from '../reading.ts'
import { readRequoted } from '../requote-expressions.ts'
import { checkHierarchy } from './check-hierarchy.ts'
import type { FootprintNamespace, NamedDocument } from './named-footprint.ts'
import type { JsonObject, TreeReading } from './read-named-footprint.ts'
import { readMembers, startTree } from './read-named-footprint.ts'

/** How a footprint advertisement is read. */
export interface NamedReadOptions extends ReadOptions {
  /** Most named footprints in one document; default 10 000. */
  readonly maxFootprints?: number
}

const DEFAULT_MAX_LENGTH = 64 * 1024 * 1024
/** A level of the hierarchy takes two, and an object with its sources five more. */
const MAX_DEPTH = 64

/**
 * Reads what a URI of a footprint advertisement answered ([NF] 4.2) from its JSON text: an array of namespaces, one
 * namespace, or one named footprint. Throws AdvertisementError if it is none of these; anything less is a diagnostic.
 */
export function parseNamedDocumentText(text: string, options: NamedReadOptions = {}): NamedDocument {
  const limits = { maxLength: options.maxLength ?? DEFAULT_MAX_LENGTH, maxDepth: MAX_DEPTH }
  return readRequoted(text, options.mode !== 'strict', (json) => {
    const runs = new PrefixRuns(json)
    const document = readDocument(parseJsonText(json, limits, runs), options, runs)
    return runs.isAnyLeft ? readDocument(parseJsonText(json, limits), options) : document
  })
}

/** The same of parsed JSON. */
export function parseNamedDocument(document: unknown, options: NamedReadOptions = {}): NamedDocument {
  return readDocument(document, options)
}

function readDocument(document: unknown, options: NamedReadOptions, runs?: PrefixRuns): NamedDocument {
  const reading = startReading(options, () => collectQualifiedAsns(definitionsIn(document)), runs)
  const tree = startTree(reading, options.maxFootprints ?? 10_000)
  const { diagnostics } = reading
  if (isJsonList(document)) {
    const namespaces = readNamespaces(document, tree)
    checkHierarchy(namespaces, tree)
    return { kind: 'namespaces', namespaces, diagnostics }
  }
  const object = unwrap(document, reading)
  if ('footprint-namespace' in object) {
    const namespace = readNamespace(object, '', tree)
    if (namespace === undefined) throw new AdvertisementError('not-named-footprints', '', 'the namespace is unusable')
    checkHierarchy([namespace], tree)
    return { kind: 'namespace', namespace, diagnostics }
  }
  const [footprint] = readMembers([object], [''], tree, 0)
  if (footprint === undefined) throw new AdvertisementError('not-named-footprints', '', 'the footprint is unusable')
  checkHierarchy([{ name: '', type: 'coverage', roots: [footprint] }], tree)
  return { kind: 'footprint', footprint, diagnostics }
}

/** The object itself; a GenericMetadata object around it (RFC 8006 4.1.4), as which [NF] 3.3 defines it, is taken off. */
function unwrap(document: unknown, reading: Reading): JsonObject {
  const fail = (why: string): never => {
    throw new AdvertisementError('not-named-footprints', '', why)
  }
  if (!isJsonObject(document)) return fail(`${quote(document)} is neither a namespace nor a named footprint`)
  const inner = document['generic-metadata-value']
  if (reading.lenient && isJsonObject(inner)) {
    reading.warn('named-generic-metadata', '', 'the object itself belongs here, not a GenericMetadata object around it')
    return unwrap(inner, { ...reading, lenient: false })
  }
  if ('footprint-namespace' in document || 'footprint-def' in document || 'footprint-name' in document) return document
  return fail('it has none of the members "footprint-namespace", "footprint-name", "footprint-def"')
}

function readNamespaces(items: readonly unknown[], tree: TreeReading): readonly FootprintNamespace[] {
  const { reading } = tree
  const namespaces: FootprintNamespace[] = []
  const names = new Set<string>()
  for (const [i, item] of items.entries()) {
    if (!isJsonObject(item)) {
      reading.error('namespace-invalid', `/${i}`, `${quote(item)} is not a namespace; it is left out`)
      continue
    }
    const namespace = readNamespace(item, `/${i}`, tree)
    if (namespace === undefined) continue
    if (names.has(namespace.name)) {
      const message = `another namespace is called ${quote(namespace.name)} too; this one is left out`
      reading.error('namespace-twice', `/${i}/footprint-namespace`, message)
      continue
    }
    names.add(namespace.name)
    namespaces.push(namespace)
  }
  return namespaces
}

function readNamespace(item: JsonObject, pointer: string, tree: TreeReading): FootprintNamespace | undefined {
  const { reading } = tree
  const { 'footprint-namespace': name, 'footprint-type': type } = item
  if (typeof name !== 'string' || name === '') {
    const message = `${quote(name)} is not a name; the namespace is left out`
    reading.error('namespace-invalid', `${pointer}/footprint-namespace`, message)
    return undefined
  }
  if (type !== 'coverage' && type !== 'resource') {
    const message = `${quote(type)} is neither "coverage" nor "resource" ([NF] 3.3.2)`
    if (type !== undefined || !reading.lenient) {
      reading.error('namespace-type-invalid', `${pointer}/footprint-type`, `${message}; the namespace is left out`)
      return undefined
    }
    reading.warn('namespace-type-missing', pointer, `${message}; read as "coverage"`)
  }
  const roots = item['footprints']
  if (!isJsonList(roots)) {
    const message = `${quote(roots)} is not an array; the namespace is left out`
    reading.error('namespace-invalid', `${pointer}/footprints`, message)
    return undefined
  }
  const pointers = roots.map((_, i) => `${pointer}/footprints/${i}`)
  return { name, type: type ?? 'coverage', roots: readMembers(roots, pointers, tree, 0) }
}

/** The `footprint-def` of everything in a document, as deep as it is read. */
function definitionsIn(document: unknown): readonly unknown[] {
  const found: unknown[] = []
  const visit = (value: unknown, depth: number): void => {
    if (depth > MAX_DEPTH) return
    if (isJsonList(value)) for (const item of value) visit(item, depth + 1)
    if (!isJsonObject(value)) return
    if ('footprint-def' in value) found.push(value['footprint-def'])
    for (const member of ['footprints', 'subfootprints', 'generic-metadata-value']) visit(value[member], depth + 1)
  }
  visit(document, 0)
  return found
}
