import { AdvertisementError } from '../advertisement-error.ts'
import { isJsonList, isJsonObject } from '../canonical-json.ts'
import { parseDateTime } from '../date-time.ts'
import type { Footprint } from '../footprint.ts'
import { NOBODY } from '../footprint-algebra.ts'
import { readFootprint, readFootprints } from '../read-footprints.ts'
import { isWebUri } from '../read-named-uris.ts'
import type { Reading } from '../reading.ts'
import { quote } from '../reading.ts'
import type { NamedFootprint } from './named-footprint.ts'

export type JsonObject = { readonly [member: string]: unknown }

/** Deepest hierarchy of named footprints. */
export const MAX_LEVELS = 16

/** The reading of one document of named footprints. */
export interface TreeReading {
  readonly reading: Reading
  /** Throws AdvertisementError `too-large` when the document holds too many footprints. */
  readonly spendFootprints: (count: number, pointer: string) => void
  /** Where a footprint that was read stands in the document. */
  readonly pointerOf: Map<NamedFootprint, string>
}

export function startTree(reading: Reading, maxFootprints: number): TreeReading {
  let footprints = 0
  return {
    reading,
    spendFootprints: (count, pointer) => {
      footprints += count
      if (footprints > maxFootprints) {
        throw new AdvertisementError('too-large', pointer, `more than ${maxFootprints} named footprints`)
      }
    },
    pointerOf: new Map(),
  }
}

/** Reads the NamedFootprint objects ([NF] 3.3.1) of one level; the unusable ones are left out. */
export function readMembers(
  items: readonly unknown[],
  pointers: readonly string[],
  tree: TreeReading,
  level: number,
): readonly NamedFootprint[] {
  tree.spendFootprints(items.length, pointers[0] ?? '')
  const footprints: NamedFootprint[] = []
  for (const [i, item] of items.entries()) {
    const pointer = pointers[i] ?? ''
    const footprint = readNamedFootprint(item, pointer, tree, level)
    if (footprint === undefined) continue
    tree.pointerOf.set(footprint, pointer)
    footprints.push(footprint)
  }
  return footprints
}

function readNamedFootprint(
  item: unknown,
  pointer: string,
  tree: TreeReading,
  level: number,
): NamedFootprint | undefined {
  const { reading } = tree
  if (!isJsonObject(item)) {
    reading.error('named-invalid', pointer, `${quote(item)} is not a named footprint; it is left out`)
    return undefined
  }
  if (level >= MAX_LEVELS) {
    reading.error('named-too-deep', pointer, `more than ${MAX_LEVELS} levels of footprints; it is left out`)
    return undefined
  }
  const uri = readUri(item['footprint-uri'], `${pointer}/footprint-uri`, reading)
  const name = readName(item['footprint-name'], uri, `${pointer}/footprint-name`, reading)
  if (name === undefined) return undefined
  const expiresAt = readExpiry(item['footprint-expires'], `${pointer}/footprint-expires`, reading)
  return {
    name,
    ...(uri !== undefined && { uri }),
    ...(expiresAt !== undefined && { expiresAt }),
    definition: readDefinition(item, `${pointer}/footprint-def`, reading),
    children: readChildren(item, pointer, tree, level),
  }
}

function readUri(value: unknown, pointer: string, reading: Reading): string | undefined {
  if (isWebUri(value)) return value
  reading.error(
    'named-uri-invalid',
    pointer,
    `${quote(value)} is not an absolute http or https URI; nobody can refer to it`,
  )
  return undefined
}

function readName(value: unknown, uri: string | undefined, pointer: string, reading: Reading): string | undefined {
  if (typeof value === 'string' && value !== '') return value
  if (uri !== undefined && reading.lenient) {
    reading.warn('named-name-invalid', pointer, `${quote(value)} is not a name; it is called by its URI`)
    return uri
  }
  reading.error('named-name-invalid', pointer, `${quote(value)} is not a name; the footprint is left out`)
  return undefined
}

function readExpiry(value: unknown, pointer: string, reading: Reading): number | undefined {
  const time = typeof value === 'string' ? parseDateTime(value) : undefined
  if (time === undefined) {
    const message = `${quote(value)} is not an RFC 3339 date and time; it is kept as long as HTTP says`
    reading.error('named-expires-invalid', pointer, message)
  }
  return time
}

function readDefinition(item: JsonObject, pointer: string, reading: Reading): Footprint {
  const value = item['footprint-def']
  if (reading.lenient && isJsonList(value) && value.length > 0) {
    reading.warn('named-def-array', pointer, 'one Footprint object belongs here ([NF] 3.3.1); read as one list of them')
    return readFootprints(value, pointer, reading)
  }
  if (isJsonObject(value)) return readFootprint(value, pointer, reading)
  reading.error('named-def-invalid', pointer, `${quote(value)} is not a Footprint object; it matches nobody`)
  return NOBODY
}

/** [NF] 3.3.1 calls the member `subfootprints`, its example in 4.2 `footprints`. */
function readChildren(item: JsonObject, pointer: string, tree: TreeReading, level: number): readonly NamedFootprint[] {
  const { reading } = tree
  const items: unknown[] = []
  const pointers: string[] = []
  for (const member of ['subfootprints', 'footprints']) {
    const list = item[member]
    if (list === undefined || (list === null && reading.lenient)) continue
    const at = `${pointer}/${member}`
    if (!isJsonList(list) || (member === 'footprints' && !reading.lenient)) {
      const message = isJsonList(list) ? 'sub-footprints stand in "subfootprints"' : `${quote(list)} is not an array`
      reading.error('subfootprints-invalid', at, `${message} ([NF] 3.3.1); they are left out`)
      continue
    }
    if (member === 'footprints')
      reading.warn('subfootprints-member', at, '[NF] 3.3.1 calls this member "subfootprints"')
    if (items.length > 0) reading.warn('subfootprints-twice', pointer, 'both members have sub-footprints; all are read')
    for (const [i, child] of list.entries()) {
      items.push(child)
      pointers.push(`${at}/${i}`)
    }
  }
  return readMembers(items, pointers, tree, level + 1)
}
