import { createHash } from 'node:crypto'
import { isJsonList } from './canonical-json.ts'
import type { Reading } from './reading.ts'
import { quote } from './reading.ts'

/**
 * The way of an advertised capability through gateways. No CDNI text gives FCI a path, so these are private members,
 * `cdn-path` and `max-hops`, which every other receiver ignores (RFC 8008 4).
 */
export interface CdnPath {
  /** CDN Provider IDs, the first being nearest to whoever serves. */
  readonly cdnPath?: readonly string[]
  /** Most ids that `cdnPath` may hold; 0: not to be republished at all. */
  readonly maxHops?: number
}

/** Longer paths are no honest ones. */
const MAX_PATH = 64
const MAX_ID_LENGTH = 256
const PROVIDER_ID = /^as(\d{1,10}):([\u0021\u0023-\u002b\u002d-\u007e]+)$/i
const STRICT_PROVIDER_ID = /^AS(?:0|[1-9]\d{0,9}):[A-Za-z0-9._-]+$/
/** AS 0 is nobody's (RFC 7607), so an id under it can be no provider's. */
const VEIL = /^AS0:[A-Za-z0-9_-]{22}$/

/**
 * A CDN Provider ID (RFC 7975 4.8: `"AS" 1*DIGIT ":" qualifier`) as it is compared: `AS` in capitals, the qualifier as
 * it is. Undefined if the text is none.
 */
export function readProviderId(text: string): string | undefined {
  if (text.length > MAX_ID_LENGTH) return undefined
  const match = PROVIDER_ID.exec(text)
  const [asn, qualifier] = [match?.[1], match?.[2]]
  return asn === undefined || qualifier === undefined ? undefined : `AS${asn}:${qualifier}`
}

/** Whether an id has the form that we send: the qualifier of letters, digits, `.`, `-` and `_`. */
export function isStrictProviderId(text: string): boolean {
  return text.length <= MAX_ID_LENGTH && STRICT_PROVIDER_ID.test(text)
}

/**
 * An id that says whether it is this CDN to those who know the CDN's id, and nothing to others who cannot guess it. It
 * keeps loops recognisable where the ids of other CDNs are not to be told.
 */
export function veilProviderId(id: string): string {
  if (VEIL.test(id)) return id
  return `AS0:${createHash('sha256').update(`cdn-path ${id}`).digest('base64url').slice(0, 22)}`
}

/** Whether a path leads through this CDN, by its id or by its veil. */
export function leadsThrough(path: readonly string[], id: string): boolean {
  const veil = veilProviderId(id)
  return path.some((step) => step === id || step === veil)
}

/**
 * Reads the two members of an object, or what it inherits from its envelope. A path that cannot be read could hide a
 * loop: what has one is not republished.
 */
export function readCdnPath(
  object: { readonly [member: string]: unknown },
  pointer: string,
  reading: Reading,
  inherited: CdnPath = {},
): CdnPath {
  const hops = object['max-hops']
  let path = inherited.cdnPath
  let maxHops = inherited.maxHops
  if (hops !== undefined) {
    if (typeof hops === 'number' && Number.isSafeInteger(hops) && hops >= 0) maxHops = hops
    else {
      reading.error('max-hops-invalid', `${pointer}/max-hops`, `${quote(hops)} is no number of hops; not republished`)
      maxHops = 0
    }
  }
  const steps = object['cdn-path']
  if (steps !== undefined) {
    path = readSteps(steps)
    if (path === undefined) {
      const message = `it is no list of at most ${MAX_PATH} CDN Provider IDs; what has it is not republished`
      reading.error('cdn-path-invalid', `${pointer}/cdn-path`, message)
      maxHops = 0
    }
  }
  return { ...(path === undefined ? {} : { cdnPath: path }), ...(maxHops === undefined ? {} : { maxHops }) }
}

function readSteps(value: unknown): readonly string[] | undefined {
  if (!isJsonList(value) || value.length > MAX_PATH) return undefined
  const path: string[] = []
  for (const step of value) {
    const id = typeof step === 'string' ? readProviderId(step) : undefined
    if (id === undefined) return undefined
    path.push(id)
  }
  return path
}

/** The members on the wire. */
export type WireCdnPath = { readonly 'cdn-path'?: readonly string[]; readonly 'max-hops'?: number }

export function printCdnPath({ cdnPath, maxHops }: CdnPath): WireCdnPath {
  return {
    ...(cdnPath === undefined ? {} : { 'cdn-path': cdnPath }),
    ...(maxHops === undefined ? {} : { 'max-hops': maxHops }),
  }
}

/** Equal for equal paths. */
export function keyOfCdnPath({ cdnPath, maxHops }: CdnPath): string {
  return cdnPath === undefined && maxHops === undefined ? '' : JSON.stringify([cdnPath ?? null, maxHops ?? null])
}
