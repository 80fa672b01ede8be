import { isJsonList, isJsonObject } from '../canonical-json.ts'
import type { Reading } from '../reading.ts'
import { quote } from '../reading.ts'
import type { JsonObject } from './object-members.ts'
import { ObjectMembers, present } from './object-members.ts'

/** `FCI.CapacityLimits` (RFC 9808 2.2); all limits apply together. */
export type WireCapacityLimits = { readonly limits: readonly WireCapacityLimit[] }

/** RFC 9808 2.2. */
export type WireCapacityLimit = {
  readonly id?: string
  /** `egress`, `requests`, `storage-size`, `storage-objects`, `sessions`, `cache-size`, or one we do not know. */
  readonly 'limit-type': string
  readonly 'maximum-hard': number
  /** Below `maximum-hard`. */
  readonly 'maximum-soft'?: number
  readonly current?: number
  readonly 'telemetry-source'?: { readonly id: string; readonly metric: string }
}

/** Members of limits that earlier drafts and Apache Traffic Control put around them; never emitted. */
const DRAFT_LISTS = ['total-limits', 'host-limits'] as const

/**
 * Reads `FCI.CapacityLimits`. Leaving a limit out would widen, so one whose number cannot be read is a limit of 0.
 * Only a limit that does not say what it limits is left out.
 */
export function readCapacityLimits(
  value: unknown,
  pointer: string,
  reading: Reading,
): (WireCapacityLimits & JsonObject) | undefined {
  const holders = holdersOf(value, pointer, reading)
  if (holders === undefined) return undefined
  const limits: WireCapacityLimit[] = []
  let others: JsonObject = {}
  for (const holder of holders) {
    const lists = ['limits', ...(reading.lenient ? DRAFT_LISTS : [])]
    const found = lists.filter((name) => holder.raw(name) !== undefined)
    if (found.length === 0) return holder.missing('the array "limits"')
    for (const name of found) {
      if (name !== 'limits') {
        const why = `"${name}" is of a draft before RFC 9808; its limits are read as limits of the whole footprint`
        reading.warn('capacity-draft-form', holder.at(name), why)
      }
      limits.push(...readList(holder, name, reading))
    }
    others = { ...others, ...holder.rest() }
  }
  return { ...others, limits }
}

/** The object, or those of the array that earlier drafts had in its place. */
function holdersOf(value: unknown, pointer: string, reading: Reading): readonly ObjectMembers[] | undefined {
  if (!isJsonList(value) || !reading.lenient) {
    const one = ObjectMembers.of(value, pointer, reading)
    return one && [one]
  }
  reading.warn('capacity-draft-form', pointer, 'an array stands where RFC 9808 has one object')
  return value.flatMap((item, i) => ObjectMembers.of(item, `${pointer}/${i}`, reading) ?? [])
}

function readList(holder: ObjectMembers, name: string, reading: Reading): readonly WireCapacityLimit[] {
  const lists = holder.list(name, (item, pointer) => {
    const nested = name === 'host-limits' && isJsonObject(item) ? item['limits'] : undefined
    if (!isJsonList(nested)) return [readLimit(item, pointer, reading)]
    return nested.map((one, i) => readLimit(one, `${pointer}/limits/${i}`, reading))
  })
  return (lists ?? []).flat().filter((limit) => limit !== undefined)
}

function readLimit(value: unknown, pointer: string, reading: Reading): WireCapacityLimit | undefined {
  const limit = ObjectMembers.of(value, pointer, reading)
  if (limit === undefined) return undefined
  limit.alias('id', ['Id', 'ID'])
  const type = limit.requiredText('limit-type')
  if (!limit.isSound) return undefined
  if (reading.lenient && limit.raw('scope') !== undefined) {
    const why = 'RFC 9808 has no "scope"; the limit is read as one of the whole footprint'
    reading.warn('capacity-draft-form', limit.at('scope'), why)
  }
  const hard = readNumber(limit, 'maximum-hard', reading)
  if (hard === undefined) {
    const why = `it is not a whole number of at least 0, and a limit that is left out would widen; read as 0`
    reading.error('capacity-limit-invalid', limit.at('maximum-hard'), why)
  }
  const others = present({
    id: readId(limit, reading),
    'maximum-soft': readSoft(limit, hard ?? 0, reading),
    current: readOptional(limit, 'current', reading),
    'telemetry-source': readSource(limit, reading),
  })
  return { ...limit.rest(), ...others, 'limit-type': type, 'maximum-hard': hard ?? 0 }
}

function readId(limit: ObjectMembers, reading: Reading): string | undefined {
  const id = limit.text('id')
  if (id !== '') return id
  reading.error('capacity-limit-invalid', limit.at('id'), 'an empty id names nothing; the limit stands without it')
  return undefined
}

/** RFC 9808 2.2: MUST be less than the hard one; absent means equal. */
function readSoft(limit: ObjectMembers, hard: number, reading: Reading): number | undefined {
  const soft = readOptional(limit, 'maximum-soft', reading)
  if (soft === undefined || soft < hard) return soft
  const why = `${soft} is not below "maximum-hard", ${hard}; the hard limit counts alone`
  reading.error('capacity-soft-not-below-hard', limit.at('maximum-soft'), why)
  return undefined
}

function readOptional(limit: ObjectMembers, name: string, reading: Reading): number | undefined {
  const given = limit.raw(name)
  const read = readNumber(limit, name, reading)
  if (given !== undefined && read === undefined) {
    const why = `${quote(given)} is not a whole number of at least 0; the limit stands without it`
    reading.error('capacity-limit-invalid', limit.at(name), why)
  }
  return read
}

/** A whole number; read leniently also a string of digits, and a fraction rounded down. */
function readNumber(limit: ObjectMembers, name: string, reading: Reading): number | undefined {
  const value = limit.raw(name)
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  const number = typeof value === 'string' && /^\d{1,15}(?:\.\d+)?$/.test(value) ? Number(value) : value
  if (!reading.lenient || typeof number !== 'number' || !(number >= 0 && number <= Number.MAX_SAFE_INTEGER))
    return undefined
  reading.warn('capability-member-form', limit.at(name), `${quote(value)} is to be a whole number`)
  return Math.floor(number)
}

function readSource(limit: ObjectMembers, reading: Reading): WireCapacityLimit['telemetry-source'] {
  const value = limit.raw('telemetry-source')
  if (value === undefined) return undefined
  const { id, metric, ...others } = isJsonObject(value) ? value : {}
  if (typeof id === 'string' && typeof metric === 'string') return { ...jsonMembers(others), id, metric }
  const why = 'it lacks "id" or "metric"; the limit stands without it'
  reading.error('capacity-limit-invalid', limit.at('telemetry-source'), why)
  return undefined
}

function jsonMembers(others: { readonly [member: string]: unknown }): JsonObject {
  const texts = Object.entries(others).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return Object.fromEntries(texts)
}
