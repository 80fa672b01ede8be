import type { JsonValue } from '../../fci/canonical-json.ts'
import { isJsonList, isJsonObject, toJsonValue } from '../../fci/canonical-json.ts'
import { capabilityTypeOf } from '../../fci/capability-value.ts'
import { type AskedCapability, findAskedFault } from '../../federation/filter-advertisement.ts'
import { ADVERTISEMENT_RESOURCE, FILTERED_RESOURCE } from './alto-documents.ts'
import { AltoError } from './alto-error.ts'

const MAX_ASKED = 1000
const MAX_DEPTH = 32
const MAX_SUBSTREAMS = 8
const SUBSTREAM_ID = /^[\w:@.-]{1,64}$/

/** ReqFilteredCDNIAdvertisement (RFC 9241 5.3). Throws AltoError. */
export function readFilter(body: unknown, at = ''): readonly AskedCapability[] {
  if (!isJsonObject(body)) throw new AltoError({ code: 'E_INVALID_FIELD_TYPE', field: at })
  const field = path(at, 'cdni-capabilities')
  const list = body['cdni-capabilities']
  if (list === undefined) throw new AltoError({ code: 'E_MISSING_FIELD', field })
  if (!isJsonList(list)) throw new AltoError({ code: 'E_INVALID_FIELD_TYPE', field })
  if (list.length > MAX_ASKED) {
    throw new AltoError({ code: 'E_INVALID_FIELD_VALUE', field, value: `${list.length} capabilities` })
  }
  const asked = list.map((item, i) => readAsked(item, path(field, String(i))))
  const fault = findAskedFault(asked)
  if (fault !== undefined) {
    const place = path(path(field, String(fault.index)), fault.member)
    throw new AltoError({ code: 'E_INVALID_FIELD_VALUE', field: place, value: textOf(asked[fault.index]) })
  }
  return asked
}

function readAsked(item: unknown, at: string): AskedCapability {
  if (!isJsonObject(item)) throw new AltoError({ code: 'E_INVALID_FIELD_TYPE', field: at })
  const type = item['capability-type']
  const value = item['capability-value']
  for (const [name, member] of [
    ['capability-type', type],
    ['capability-value', value],
  ] as const) {
    if (member === undefined) throw new AltoError({ code: 'E_MISSING_FIELD', field: path(at, name) })
    // RFC 9241 5.6: null is a value that is not valid.
    if (member === null) throw new AltoError({ code: 'E_INVALID_FIELD_VALUE', field: path(at, name), value: 'null' })
  }
  if (typeof type !== 'string')
    throw new AltoError({ code: 'E_INVALID_FIELD_TYPE', field: path(at, 'capability-type') })
  const json = toJsonValue(value, MAX_DEPTH)
  if (json === undefined) throw new AltoError({ code: 'E_INVALID_FIELD_VALUE', field: path(at, 'capability-value') })
  return { type: capabilityTypeOf(type), value: json }
}

/** One part of an update stream (RFC 8895 6.3). */
export interface Substream {
  readonly id: string
  /** Undefined: the whole resource. */
  readonly asked: readonly AskedCapability[] | undefined
  /** The version that the client has already. */
  readonly tag: string | undefined
  /** Whether it takes JSON patches and merge patches; otherwise whole documents. */
  readonly incremental: boolean
}

/** UpdateStreamReq (RFC 8895 6.3): what is to be added. Throws AltoError. */
export function readUpdateStreams(body: unknown): readonly Substream[] {
  if (!isJsonObject(body)) throw new AltoError({ code: 'E_INVALID_FIELD_TYPE' })
  const { add } = body
  if (add === undefined) throw new AltoError({ code: 'E_MISSING_FIELD', field: 'add' })
  if (!isJsonObject(add)) throw new AltoError({ code: 'E_INVALID_FIELD_TYPE', field: 'add' })
  const entries = Object.entries(add)
  if (entries.length === 0 || entries.length > MAX_SUBSTREAMS) {
    throw new AltoError({ code: 'E_INVALID_FIELD_VALUE', field: 'add', value: `${entries.length} substreams` })
  }
  return entries.map(([id, item]) => readSubstream(id, item))
}

function readSubstream(id: string, item: unknown): Substream {
  const at = path('add', id)
  if (!SUBSTREAM_ID.test(id))
    throw new AltoError({ code: 'E_INVALID_FIELD_VALUE', field: 'add', value: id.slice(0, 64) })
  if (!isJsonObject(item)) throw new AltoError({ code: 'E_INVALID_FIELD_TYPE', field: at })
  const { 'resource-id': resource, tag, input, 'incremental-changes': incremental } = item
  if (resource === undefined) throw new AltoError({ code: 'E_MISSING_FIELD', field: path(at, 'resource-id') })
  if (resource !== ADVERTISEMENT_RESOURCE && resource !== FILTERED_RESOURCE) {
    throw new AltoError({ code: 'E_INVALID_FIELD_VALUE', field: path(at, 'resource-id'), value: textOf(resource) })
  }
  if (resource === FILTERED_RESOURCE && input === undefined) {
    throw new AltoError({ code: 'E_MISSING_FIELD', field: path(at, 'input') })
  }
  return {
    id,
    asked: resource === FILTERED_RESOURCE ? readFilter(input, path(at, 'input')) : undefined,
    tag: typeof tag === 'string' ? tag : undefined,
    incremental: incremental !== false,
  }
}

function path(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`
}

function textOf(value: unknown): string {
  const json: JsonValue = toJsonValue(value, MAX_DEPTH) ?? null
  return JSON.stringify(json).slice(0, 200)
}
