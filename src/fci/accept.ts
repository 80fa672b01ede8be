import type { MediaType } from './media-type.ts'
import { parseMediaType } from './media-type.ts'

/** One element of `Accept` (RFC 9110 12.5.1). */
interface MediaRange {
  readonly essence: string
  readonly parameters: ReadonlyMap<string, string>
  readonly weight: number
}

const MAX_RANGES = 64
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

/**
 * The one of the offered media types that an `Accept` field wants most (RFC 9110 12.5.1), the first among equals;
 * undefined if it takes none of them (406). Absent or empty, it takes all. A range without parameters covers an offer
 * with them, so `application/cdni` takes any payload type (RFC 7736 2.1); payload types are compared without case.
 * Elements that cannot be read are passed over.
 */
export function chooseMediaType<Offer extends string>(
  accept: string | undefined,
  offers: readonly Offer[],
): Offer | undefined {
  if (accept === undefined || accept.trim() === '') return offers[0]
  const ranges = readRanges(accept)
  let best: { readonly offer: Offer; readonly weight: number } | undefined
  for (const offer of offers) {
    const type = parseMediaType(offer)
    const weight = type === undefined ? 0 : weightOf(type, ranges)
    if (weight > (best?.weight ?? 0)) best = { offer, weight }
  }
  return best?.offer
}

/** The weight of the most specific range that covers the type. */
function weightOf(type: MediaType, ranges: readonly MediaRange[]): number {
  let precedence = -1
  let weight = 0
  for (const range of ranges) {
    const rank = rankOf(type, range)
    if (rank > precedence) {
      precedence = rank
      weight = range.weight
    }
  }
  return weight
}

/** How specifically a range covers a type; -1: not at all. */
function rankOf(type: MediaType, range: MediaRange): number {
  const [main = ''] = type.essence.split('/')
  if (range.essence === '*/*') return 0
  if (range.essence === `${main}/*`) return 1
  if (range.essence !== type.essence) return -1
  for (const [name, value] of range.parameters) {
    if (type.parameters.get(name)?.toLowerCase() !== value.toLowerCase()) return -1
  }
  return 2 + range.parameters.size
}

function readRanges(accept: string): readonly MediaRange[] {
  const ranges: MediaRange[] = []
  for (const element of splitList(accept).slice(0, MAX_RANGES)) {
    const type = parseMediaType(element)
    if (type === undefined) continue
    const parameters = new Map(type.parameters)
    const q = parameters.get('q') ?? '1'
    parameters.delete('q')
    if (WEIGHT.test(q)) ranges.push({ essence: type.essence, parameters, weight: Number(q) })
  }
  return ranges
}

/** The elements of a list, at commas outside quoted strings (RFC 9110 5.6.1). */
function splitList(text: string): readonly string[] {
  const elements: string[] = []
  let start = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (quoted && char === '\\') i++
    else if (char === '"') quoted = !quoted
    else if (char === ',' && !quoted) {
      elements.push(text.slice(start, i))
      start = i + 1
    }
  }
  elements.push(text.slice(start))
  return elements
}
