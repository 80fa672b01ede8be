import type { JsonValue } from '../canonical-json.ts'
import { isJsonObject, toJsonValue } from '../canonical-json.ts'
import { MAX_OPAQUE_DEPTH } from '../conjunction-order.ts'
import type { Endpoint } from '../endpoint.ts'
import { formatEndpoint, parseEndpoint } from '../endpoint.ts'
import type { Reading } from '../reading.ts'
import { quote } from '../reading.ts'
import { sortedTexts } from '../sorted-values.ts'

export type JsonObject = { readonly [member: string]: JsonValue | undefined }

/**
 * The members of one JSON object while it is read. A member that is not what it must be is an error and makes the
 * object unsound, so that it is left out: what is absent often means "all" (RFC 8008 5.6, RFC 8804 2.3), and leaving
 * out the member alone would widen what is offered.
 */
export class ObjectMembers {
  readonly pointer: string
  readonly #object: { readonly [member: string]: unknown }
  readonly #reading: Reading
  readonly #taken = new Set<string>()
  readonly #aliases = new Map<string, string>()
  #sound = true

  /** Reports an error, and gives undefined, if the value is no object. */
  static of(value: unknown, pointer: string, reading: Reading): ObjectMembers | undefined {
    if (isJsonObject(value)) return new ObjectMembers(value, pointer, reading)
    reading.error('capability-value-invalid', pointer, `${quote(value)} is not an object; it is left out`)
    return undefined
  }

  private constructor(object: { readonly [member: string]: unknown }, pointer: string, reading: Reading) {
    this.#object = object
    this.pointer = pointer
    this.#reading = reading
  }

  /** Whether everything taken so far was right. */
  get isSound(): boolean {
    return this.#sound
  }

  /** The member as it is; null counts as absent. */
  raw(name: string): unknown {
    this.#taken.add(name)
    return this.#object[name] ?? undefined
  }

  at(name: string): string {
    return `${this.pointer}/${name}`
  }

  /** Reports that a member, or the object, is wrong, and makes the object unsound. */
  refuse(name: string, why: string): undefined {
    this.#sound = false
    this.#reading.error('capability-value-invalid', this.at(name), `${why}; the object is left out`)
    return undefined
  }

  /** Reports that a mandatory member is absent, which makes the object unsound. */
  missing(what: string): undefined {
    this.#sound = false
    this.#reading.error('capability-value-invalid', this.pointer, `${what} is missing; the object is left out`)
    return undefined
  }

  /** The member under another name that peers use, moved to the right one with a warning; only read leniently. */
  alias(name: string, others: readonly string[]): void {
    if (!this.#reading.lenient || this.#object[name] !== undefined) return
    const other = others.find((one) => this.#object[one] !== undefined)
    if (other === undefined) return
    this.#taken.add(other)
    this.#reading.warn('capability-member-name', this.at(other), `the member is to be called "${name}"`)
    this.#aliases.set(name, other)
  }

  text(name: string): string | undefined {
    const value = this.#member(name)
    if (value === undefined || typeof value === 'string') return value
    return this.refuse(name, `${quote(value)} is not a string`)
  }

  requiredText(name: string): string {
    const value = this.text(name)
    if (value === undefined && this.#sound) this.missing(`the string "${name}"`)
    return value ?? ''
  }

  flag(name: string): boolean | undefined {
    const value = this.#member(name)
    if (value === undefined || typeof value === 'boolean') return value
    if (this.#reading.lenient && (value === 'true' || value === 'false')) {
      this.#reading.warn('capability-member-form', this.at(name), `${quote(value)} is to be a boolean, not a string`)
      return value === 'true'
    }
    return this.refuse(name, `${quote(value)} is not true or false`)
  }

  /** A whole number of at least 0 (RFC 7493 2.2: at most 2^53 - 1). */
  whole(name: string): number | undefined {
    const value = this.#member(name)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    if (this.#reading.lenient && typeof value === 'string' && /^\d{1,15}$/.test(value)) {
      this.#reading.warn('capability-member-form', this.at(name), `${quote(value)} is to be a number, not a string`)
      return Number(value)
    }
    return this.refuse(name, `${quote(value)} is not a whole number of at least 0`)
  }

  requiredWhole(name: string): number {
    const value = this.whole(name)
    if (value === undefined && this.#sound) this.missing(`the number "${name}"`)
    return value ?? 0
  }

  /** Strings, sorted, each once; items that are none are left out with an error, which only narrows. */
  names(name: string): readonly string[] | undefined {
    const texts = this.list(name, (item, pointer) => {
      if (typeof item === 'string') return item
      this.#reading.error('capability-name-invalid', pointer, `${quote(item)} is not a string; it is left out`)
      return undefined
    })
    return texts && sortedTexts(texts)
  }

  requiredNames(name: string): readonly string[] {
    const names = this.names(name)
    if (names === undefined && this.#sound) this.missing(`the array "${name}"`)
    return names ?? []
  }

  /** As `names`, where an absent or empty list means "all": one that only errors emptied makes the object unsound. */
  namesOrAll(name: string): readonly string[] | undefined {
    const names = this.names(name)
    if (names === undefined || names.length > 0 || isEmptyList(this.#member(name))) return names
    return this.refuse(name, 'nothing in it can be used, and an empty list would mean all')
  }

  /** What `read` makes of every item; those of which it makes nothing are left out. */
  list<T>(name: string, read: (item: unknown, pointer: string) => T | undefined): readonly T[] | undefined {
    const value = this.#member(name)
    if (value === undefined) return undefined
    let items: readonly unknown[]
    if (Array.isArray(value)) items = value
    else if (this.#reading.lenient && (typeof value === 'string' || isJsonObject(value))) {
      this.#reading.warn('capability-member-form', this.at(name), 'a single value stands where an array belongs')
      items = [value]
    } else return this.refuse(name, `${quote(value)} is not an array`)
    return items.flatMap((item, i) => {
      const one = read(item, `${this.at(name)}/${i}`)
      return one === undefined ? [] : [one]
    })
  }

  /** An RFC 8006 4.3.3 endpoint in canonical form. */
  endpoint(name: string): Endpoint | undefined {
    const text = this.requiredText(name)
    if (!this.#sound) return undefined
    return parseEndpoint(text) ?? this.refuse(name, `${quote(text)} is not a host with an optional port`)
  }

  /** Endpoints, sorted, each once. Absent or empty means all hosts, so a list emptied by errors is refused. */
  endpoints(name: string): readonly string[] | undefined {
    const texts = this.list(name, (item, pointer) => {
      const endpoint = typeof item === 'string' ? parseEndpoint(item) : undefined
      if (endpoint !== undefined) return formatEndpoint(endpoint)
      this.#reading.error(
        'endpoint-invalid',
        pointer,
        `${quote(item)} is not a host with an optional port; it is left out`,
      )
      return undefined
    })
    if (texts === undefined) return undefined
    if (texts.length > 0) return sortedTexts(texts)
    return isEmptyList(this.#member(name))
      ? undefined
      : this.refuse(name, 'nothing in it can be used, and an empty list would mean all hosts')
  }

  /** A nested object, or undefined if it is absent. */
  object(name: string): ObjectMembers | undefined {
    const value = this.#member(name)
    if (value === undefined) return undefined
    if (isJsonObject(value)) return new ObjectMembers(value, this.at(name), this.#reading)
    return this.refuse(name, `${quote(value)} is not an object`)
  }

  /** The members that nobody asked for so far: kept for republication. */
  rest(): JsonObject {
    const others = Object.entries(this.#object).flatMap(([name, value]) => {
      const copy = this.#taken.has(name) ? undefined : toJsonValue(value, MAX_OPAQUE_DEPTH)
      return copy === undefined ? [] : [[name, copy] as const]
    })
    return Object.fromEntries(others)
  }

  #member(name: string): unknown {
    this.#taken.add(name)
    return this.#object[this.#aliases.get(name) ?? name] ?? undefined
  }
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** The members that have a value. */
export function present<T extends { readonly [member: string]: unknown }>(
  members: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const result: { [K in keyof T]?: Exclude<T[K], undefined> } = {}
  return Object.assign(result, Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)))
}
