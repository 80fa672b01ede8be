import type { AdvertisementFault } from './advertisement-error.ts'
import { AdvertisementError } from './advertisement-error.ts'
import type { PrefixRuns } from './prefix-runs.ts'

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
 *
 * @param runs - takes long lists of prefixes out of the same text, if given.
 */
export function parseJsonText(text: string, limits: JsonLimits, runs?: PrefixRuns): unknown {
  if (text.length > limits.maxLength) {
    throw new AdvertisementError('too-large', '', `the text is longer than ${limits.maxLength} characters`)
  }
  // Before JSON.parse, which would build a tree of any depth.
  checkStructure(text, limits.maxDepth, runs)
  try {
    return JSON.parse(runs?.rest ?? text)
  } catch (error) {
    throw new AdvertisementError('invalid-json', '', error instanceof Error ? error.message : 'it does not parse')
  }
}

/** Looks at strings and brackets only; everything else is left to JSON.parse. */
function checkStructure(text: string, maxDepth: number, runs: PrefixRuns | undefined): void {
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
        const end = isObject || level?.at !== 'footprint-value' ? -1 : (runs?.cut(i, () => pointerOf(levels)) ?? -1)
        if (end >= 0) {
          i = end
          break
        }
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
  throw new AdvertisementError(fault, pointerOf(levels), message)
}

function pointerOf(levels: readonly Level[]): string {
  return levels.map(({ at }) => `/${escapePointer(String(at))}`).join('')
}

/** One reference token of an RFC 6901 pointer. */
export function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1')
}
