import type { AdvertisementFault } from './advertisement-error.ts'
import { AdvertisementError } from './advertisement-error.ts'
import { isJsonList, isJsonObject } from './canonical-json.ts'

export interface JsonLimits {
  /** Longest text, in UTF-16 code units. */
  readonly maxLength: number
  /** Deepest nesting of arrays and objects. */
  readonly maxDepth: number
}

interface Level {
  /** Names seen so far; undefined for an array. */
  readonly names: Set<string> | undefined
  /** Name or index of the member being read. */
  at: string | number
}

/**
 * Reads I-JSON (RFC 7493): refuses what `JSON.parse` lets through, namely repeated member names and any depth.
 * Throws AdvertisementError; time and memory are linear in the text's length.
 */
export function parseJsonText(text: string, limits: JsonLimits): unknown {
  if (text.length > limits.maxLength) {
    throw new AdvertisementError('too-large', '', `the text is longer than ${limits.maxLength} characters`)
  }
  // A text that opens many brackets is looked at before JSON.parse builds a tree of any depth from it.
  if (countUpTo(text, '[', MANY) + countUpTo(text, '{', MANY) >= MANY) checkStructure(text, limits.maxDepth)
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    checkStructure(text, limits.maxDepth)
    throw new AdvertisementError('invalid-json', '', error instanceof Error ? error.message : 'it does not parse')
  }
  if (countMembers(document, limits.maxDepth) !== countNames(text)) checkStructure(text, limits.maxDepth)
  return document
}

const MANY = 100_000

function countUpTo(text: string, character: string, most: number): number {
  let count = 0
  for (let at = text.indexOf(character); at >= 0 && count < most; at = text.indexOf(character, at + 1)) count++
  return count
}

/**
 * How many quotes have a colon right behind them: exactly one per member written, and more only if a text begins with
 * a colon. NaN if there is a blank before any colon. Finding them natively is much faster than `checkStructure`.
 */
function countNames(text: string): number {
  let count = 0
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
    const before = text.charCodeAt(at - 1)
    if (before === 34) count++
    else if (before <= 32) return Number.NaN
  }
  return count
}

/** Members of all objects in a document; NaN, which equals no count, if it is nested deeper than `maxDepth`. */
function countMembers(value: unknown, maxDepth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (maxDepth === 0) return Number.NaN
  let count = 0
  if (isJsonList(value)) {
    for (let i = 0; i < value.length; i++) count += countMembers(value[i], maxDepth - 1)
  } else if (isJsonObject(value)) {
    for (const member of Object.values(value)) count += 1 + countMembers(member, maxDepth - 1)
  }
  return count
}

/** Looks at strings and brackets only; everything else is left to JSON.parse. */
function checkStructure(text: string, maxDepth: number): void {
  const levels: Level[] = []
  let level: Level | undefined
  let expectsName = false
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 34: {
        const end = endOfString(text, i)
        if (expectsName && level?.names !== undefined) {
          const name = decodeName(text.slice(i, end + 1))
          level.at = name
          if (level.names.has(name)) {
            fail('duplicate-member', levels, `the member ${JSON.stringify(name.slice(0, 64))} occurs twice`)
          }
          level.names.add(name)
          expectsName = false
        }
        i = end
        break
      }
      case 123:
      case 91: {
        if (levels.length >= maxDepth) fail('too-deep', levels, `nested deeper than ${maxDepth} levels`)
        const isObject = text.charCodeAt(i) === 123
        level = { names: isObject ? new Set() : undefined, at: isObject ? '' : 0 }
        levels.push(level)
        expectsName = isObject
        break
      }
      case 125:
      case 93:
        levels.pop()
        level = levels.at(-1)
        expectsName = false
        break
      case 44:
        expectsName = level?.names !== undefined
        if (level !== undefined && typeof level.at === 'number') level.at++
        break
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 92) i++
    else if (code === 34) return i
  }
  return text.length
}

function decodeName(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1)
  try {
    const decoded: unknown = JSON.parse(literal)
    return typeof decoded === 'string' ? decoded : literal
  } catch {
    return literal
  }
}

function fail(fault: AdvertisementFault, levels: readonly Level[], message: string): never {
  throw new AdvertisementError(fault, levels.map(({ at }) => `/${escapePointer(String(at))}`).join(''), message)
}

/** One reference token of an RFC 6901 pointer. */
export function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1')
}
