import type { Diagnostic } from '../../fci/advertisement.ts'
import { isJsonList, isJsonObject } from '../../fci/canonical-json.ts'
import { readProviderId } from '../../fci/cdn-path.ts'
import { parseEndpoint } from '../../fci/endpoint.ts'
import { type Address, type Prefix, parseAddress } from '../../fci/prefix.ts'
import { readPrefix } from '../../fci/read-prefix.ts'
import type { SentErrorCode } from './ri-error.ts'

export type JsonObject = { readonly [member: string]: unknown }

/** Why an object of the redirection interface was not read, as the RI error that says so to whoever sent it. */
export interface RiRefusal {
  readonly code: SentErrorCode
  /** RFC 6901 pointer to the place. */
  readonly pointer: string
  readonly reason: string
}

export type RiReading<Model> =
  | { readonly kind: 'read'; readonly value: Model; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'refused'; readonly refusal: RiRefusal; readonly diagnostics: readonly Diagnostic[] }

/** `ignored`: the key is invalid and counts as absent (RFC 7975 4.2); the others say what was taken in its stead. */
export type RiDiagnosticCode =
  | 'ri-key-ignored'
  | 'ri-key-case'
  | 'ri-value-repaired'
  | 'ri-stricter-assumed'
  | 'ri-default-assumed'
  | 'ri-cookie-dropped'
  | 'ri-error-beside-answer'

/** Longest text of one value, in characters. */
const MAX_TEXT = 8192
const MAX_PATH = 64
const MAX_PREFIXES = 10_000
const MAX_HEADERS = 100
const VISIBLE = /^[!-~]+$/
/** RFC 9110 5.5: no control characters but the tab. */
const FIELD_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/
const HEADER_KEY = /^(cs|sc)-\(([\w!#$%&'*+.^`|~-]{1,128})\)$/i
const MAPPED = 0xffffn

/** Ends one reading; never leaves this folder. */
class Refused extends Error {
  readonly refusal: RiRefusal

  constructor(refusal: RiRefusal) {
    super(refusal.reason)
    this.name = 'Refused'
    this.refusal = refusal
  }
}

/** Reads the members of one object tolerantly; what cannot be done without is refused with `code`. */
export class RiReader {
  readonly diagnostics: Diagnostic[] = []
  readonly #code: SentErrorCode

  constructor(code: SentErrorCode) {
    this.#code = code
  }

  warn(code: RiDiagnosticCode, pointer: string, message: string): void {
    this.diagnostics.push({ severity: 'warning', code, pointer, message })
  }

  error(code: RiDiagnosticCode, pointer: string, message: string): void {
    this.diagnostics.push({ severity: 'error', code, pointer, message })
  }

  refuse(pointer: string, reason: string): never {
    throw new Refused({ code: this.#code, pointer, reason })
  }

  object(value: unknown, pointer: string): JsonObject {
    return isJsonObject(value) ? value : this.refuse(pointer, 'it is to be an object')
  }

  /** Keys are lowercase (RFC 7975 4.2): one in another case is unknown, and its sender should hear of it. */
  noteCase(object: JsonObject, known: readonly string[], pointer: string): void {
    for (const key of Object.keys(object)) {
      const lower = key.toLowerCase()
      if (key !== lower && known.includes(lower)) {
        this.warn('ri-key-case', pointer, `keys are lowercase; the one that reads "${lower}" in capitals was ignored`)
      }
    }
  }

  /** A text that is not empty and matches; refused otherwise. */
  text(object: JsonObject, key: string, pointer: string, form: RegExp = VISIBLE): string {
    const value = object[key]
    if (value === undefined) return this.refuse(`${pointer}/${key}`, 'it is missing')
    if (typeof value !== 'string' || value.length === 0 || value.length > MAX_TEXT || !form.test(value)) {
      return this.refuse(`${pointer}/${key}`, 'it does not have the form that it is to have')
    }
    return value
  }

  address(object: JsonObject, key: string, pointer: string): Address {
    return readAddress(this.text(object, key, pointer)) ?? this.refuse(`${pointer}/${key}`, 'it is not an IP address')
  }

  name(object: JsonObject, key: string, pointer: string): string {
    const text = this.text(object, key, pointer)
    return readName(text) ?? this.refuse(`${pointer}/${key}`, 'it is not a domain name of A-labels')
  }

  integer(object: JsonObject, key: string, pointer: string, least: number, most: number): number {
    const value = object[key]
    if (value === undefined) return this.refuse(`${pointer}/${key}`, 'it is missing')
    const isFit = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
    return isFit ? value : this.refuse(`${pointer}/${key}`, `it is not a whole number from ${least} to ${most}`)
  }

  /** A prefix, or undefined under a diagnostic. */
  prefix(value: unknown, pointer: string): Prefix | undefined {
    const reading = typeof value === 'string' && value.length < 64 ? readPrefix(value) : undefined
    if (reading?.prefix === undefined) {
      this.error('ri-key-ignored', pointer, reading?.fault ?? 'it is not a prefix')
      return undefined
    }
    if (reading.repairs.length > 0) this.warn('ri-value-repaired', pointer, `read with ${reading.repairs.join(', ')}`)
    return reading.prefix
  }

  prefixes(values: readonly unknown[], pointer: string): readonly Prefix[] {
    if (values.length > MAX_PREFIXES) {
      this.error('ri-key-ignored', pointer, `it holds more than ${MAX_PREFIXES} prefixes`)
      return []
    }
    return values.flatMap((value, i) => this.prefix(value, `${pointer}/${i}`) ?? [])
  }

  /** A way with a step that cannot be read could hide a loop; undefined then. */
  path(value: unknown): readonly string[] | undefined {
    if (!isJsonList(value) || value.length === 0 || value.length > MAX_PATH) return undefined
    const ids = value.map((step) => (typeof step === 'string' ? readProviderId(step) : undefined))
    return ids.some((id) => id === undefined) ? undefined : ids.filter((id) => id !== undefined)
  }

  /** The `cs-(name)` or `sc-(name)` keys, by header name in lower case; those of `apart` are left to others. */
  headers(object: JsonObject, prefix: 'cs' | 'sc', pointer: string, apart?: string): ReadonlyMap<string, string> {
    const headers = new Map<string, string>()
    for (const [key, value] of Object.entries(object)) {
      const match = HEADER_KEY.exec(key)
      const name = match?.[2]?.toLowerCase()
      if (name === undefined || match?.[1]?.toLowerCase() !== prefix || name === apart) continue
      if (key !== `${prefix}-(${name})`) {
        this.warn('ri-key-case', pointer, `keys are lowercase; another spelling of ${prefix}-(${name}) was ignored`)
      } else if (typeof value !== 'string' || value.length > MAX_TEXT || !FIELD_VALUE.test(value)) {
        this.error('ri-key-ignored', `${pointer}/${key.replaceAll('~', '~0')}`, 'it is not the value of a header field')
      } else if (name === 'cookie') {
        this.warn(
          'ri-cookie-dropped',
          `${pointer}/${key}`,
          'cookies SHOULD NOT be sent (RFC 7975 4.1); it was not kept',
        )
      } else if (headers.size < MAX_HEADERS) headers.set(name, value)
      else this.error('ri-key-ignored', pointer, `it has more than ${MAX_HEADERS} header fields`)
    }
    return headers
  }
}

/** Runs one reading, and turns what it refuses into a value. */
export function readRiObject<Model>(code: SentErrorCode, read: (reader: RiReader) => Model): RiReading<Model> {
  const reader = new RiReader(code)
  try {
    return { kind: 'read', value: read(reader), diagnostics: reader.diagnostics }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { kind: 'refused', refusal: error.refusal, diagnostics: reader.diagnostics }
  }
}

/** An address, unmapped: `::ffff:192.0.2.1` is the IPv4 address. */
export function readAddress(text: string): Address | undefined {
  const address = parseAddress(text)
  if (address?.version !== 6 || address.value >> 32n !== MAPPED) return address
  return { version: 4, value: address.value & 0xffffffffn }
}

/** A domain name in lower case, without the last dot. */
export function readName(text: string): string | undefined {
  const endpoint = text.includes(':') ? undefined : parseEndpoint(text)
  return endpoint === undefined || endpoint.isAddress ? undefined : endpoint.host
}
