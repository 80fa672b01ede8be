/** Where JSON text is dangerous although it parses. */
export interface JsonFault {
  readonly detail: string
  /** RFC 6901. */
  readonly pointer: string
}

interface Level {
  /** Names seen so far; absent in an array. */
  readonly names?: Set<string>
  /** The member or element being read. */
  at: string | number
}

/**
 * Finds what `JSON.parse` lets through: names that stand twice in one object (each reader would take another value,
 * RFC 8259 4) and nesting that would exhaust the stack of whoever walks the value.
 *
 * @param text - JSON that `JSON.parse` accepts.
 */
export function findJsonFault(text: string, maxDepth: number): JsonFault | undefined {
  const levels: Level[] = []
  let nameExpected = false
  for (let index = 0; index < text.length; index += 1) {
    const level = levels.at(-1)
    const character = text.charAt(index)
    switch (character) {
      case '{':
      case '[': {
        if (levels.length === maxDepth) {
          return { detail: `is nested deeper than ${maxDepth} levels`, pointer: pointerOf(levels) }
        }
        nameExpected = character === '{'
        levels.push(nameExpected ? { names: new Set(), at: '' } : { at: 0 })
        break
      }
      case '}':
      case ']':
        levels.pop()
        nameExpected = false
        break
      case ',':
        nameExpected = level?.names !== undefined
        if (level !== undefined && typeof level.at === 'number') level.at += 1
        break
      case '"': {
        const end = endOfString(text, index)
        if (nameExpected && level?.names !== undefined) {
          level.at = String(JSON.parse(text.slice(index, end)))
          if (level.names.has(level.at)) return { detail: 'this member stands twice', pointer: pointerOf(levels) }
          level.names.add(level.at)
          nameExpected = false
        }
        index = end - 1
        break
      }
    }
  }
  return undefined
}

function endOfString(text: string, start: number): number {
  let index = start + 1
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1
  return index + 1
}

function pointerOf(levels: readonly Level[]): string {
  return jsonPointer(levels.map((level) => level.at))
}

/** RFC 6901. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** The same text for the same value: names sorted, no white space. For fingerprints. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
