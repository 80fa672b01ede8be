import { escapePointer } from './json-text.ts'

/**
 * The line, from 1, on which the value at each RFC 6901 pointer begins in a JSON text that parses. Pointers to nothing
 * get the line of the deepest value on their way. One pass over the text.
 */
export function locatePointers(text: string, pointers: Iterable<string>): ReadonlyMap<string, number> {
  const wanted = new Set(pointers)
  const onTheWay = new Set<string>()
  for (const pointer of wanted) {
    for (let at = pointer.length; at >= 0; at = at === 0 ? -1 : pointer.lastIndexOf('/', at - 1)) {
      onTheWay.add(pointer.slice(0, at))
    }
  }
  const lines = new Map<string, number>()
  walk(text, (pointer, line) => {
    if (!onTheWay.has(pointer)) return false
    lines.set(pointer, line)
    return true
  })
  return new Map(
    [...wanted].flatMap((pointer) => {
      const line = nearestLine(pointer, lines)
      return line === undefined ? [] : [[pointer, line] as const]
    }),
  )
}

function nearestLine(pointer: string, lines: ReadonlyMap<string, number>): number | undefined {
  for (let at = pointer.length; at >= 0; at = at === 0 ? -1 : pointer.lastIndexOf('/', at - 1)) {
    const line = lines.get(pointer.slice(0, at))
    if (line !== undefined) return line
  }
  return undefined
}

interface Level {
  /** Undefined below a value that nobody wants. */
  readonly pointer: string | undefined
  readonly isObject: boolean
  index: number
  name: string
}

/** Calls back with every value whose parent was wanted; the answer says whether its members are wanted. */
function walk(text: string, visit: (pointer: string, line: number) => boolean): void {
  const levels: Level[] = []
  let line = 1
  let expectsName = false
  const begin = (): string | undefined => {
    const level = levels.at(-1)
    if (level === undefined) return visit('', line) ? '' : undefined
    if (level.pointer === undefined) return undefined
    const pointer = `${level.pointer}/${level.isObject ? escapePointer(level.name) : level.index}`
    return visit(pointer, line) ? pointer : undefined
  }
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i)
    const level = levels.at(-1)
    switch (character) {
      case '\n':
        line++
        break
      case ' ':
      case '\t':
      case '\r':
      case ':':
        break
      case '{':
      case '[':
        levels.push({ pointer: begin(), isObject: character === '{', index: 0, name: '' })
        expectsName = character === '{'
        break
      case '}':
      case ']':
        levels.pop()
        expectsName = false
        break
      case ',':
        if (level !== undefined) level.index++
        expectsName = level?.isObject === true
        break
      case '"': {
        const end = endOfString(text, i)
        if (expectsName && level !== undefined) level.name = nameOf(text.slice(i, end + 1))
        else begin()
        expectsName = false
        i = end
        break
      }
      default:
        begin()
        while (i + 1 < text.length && !/[\s,\]}]/.test(text.charAt(i + 1))) i++
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const character = text.charAt(i)
    if (character === '\\') i++
    else if (character === '"') return i
  }
  return text.length
}

function nameOf(literal: string): string {
  const name: unknown = JSON.parse(literal)
  return String(name)
}
