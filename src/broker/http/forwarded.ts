/** One hop of RFC 7239 section 4. Names of parameters are in lower case; values are without their quotes. */
export type ForwardedElement = ReadonlyMap<string, string>

const MAX_ELEMENTS = 100

/**
 * Reads a `Forwarded` field (RFC 7239 4), its lines joined by commas. `undefined` when it breaks the grammar anywhere:
 * with a quote left open nobody can say which element was whose.
 */
export function parseForwarded(field: string): readonly ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = []
  let at = skipBlanks(field, 0)
  while (at < field.length) {
    if (field[at] === ',') {
      at = skipBlanks(field, at + 1)
      continue
    }
    const read = readElement(field, at)
    if (read === undefined || elements.length === MAX_ELEMENTS) return undefined
    elements.push(read.element)
    at = read.end
  }
  return elements
}

function readElement(
  field: string,
  start: number,
): { readonly element: ForwardedElement; readonly end: number } | undefined {
  const element = new Map<string, string>()
  let at = start
  while (at < field.length && field[at] !== ',') {
    if (field[at] === ';') {
      at = skipBlanks(field, at + 1)
      continue
    }
    const pair = readPair(field, at)
    // RFC 7239 4: each parameter at most once per element.
    if (pair === undefined || element.has(pair.name)) return undefined
    element.set(pair.name, pair.value)
    at = skipBlanks(field, pair.end)
    if (at < field.length && field[at] !== ';' && field[at] !== ',') return undefined
  }
  return { element, end: at }
}

interface Pair {
  readonly name: string
  readonly value: string
  readonly end: number
}

function readPair(field: string, start: number): Pair | undefined {
  const nameEnd = endOfToken(field, start)
  if (nameEnd === start || field[nameEnd] !== '=') return undefined
  const name = field.slice(start, nameEnd).toLowerCase()
  const from = nameEnd + 1
  if (field[from] === '"') {
    const quoted = readQuoted(field, from)
    return quoted === undefined ? undefined : { name, ...quoted }
  }
  const end = endOfToken(field, from)
  return end === from ? undefined : { name, value: field.slice(from, end), end }
}

/** RFC 9110 5.6.4. */
function readQuoted(field: string, start: number): { readonly value: string; readonly end: number } | undefined {
  let value = ''
  for (let at = start + 1; at < field.length; at += 1) {
    const character = field.charAt(at)
    if (character === '"') return { value, end: at + 1 }
    if (character === '\\') {
      at += 1
      if (at === field.length) return undefined
    }
    value += field.charAt(at)
  }
  return undefined
}

const TOKEN = /[!#$%&'*+.^_`|~\w-]*/y

function endOfToken(field: string, start: number): number {
  TOKEN.lastIndex = start
  return start + (TOKEN.exec(field)?.[0].length ?? 0)
}

function skipBlanks(field: string, start: number): number {
  let at = start
  while (field[at] === ' ' || field[at] === '\t') at += 1
  return at
}

/**
 * The address in a node of RFC 7239 6, or of an `X-Forwarded-For` element: IPv4 or IPv6, with or without brackets and
 * port. `undefined` for `unknown`, for an obfuscated identifier, and for what is none of these.
 */
export function addressOfNode(node: string): string | undefined {
  if (node.startsWith('[')) {
    const end = node.indexOf(']')
    if (end === -1 || !PORT.test(node.slice(end + 1))) return undefined
    return node.slice(1, end)
  }
  const colon = node.indexOf(':')
  if (colon === -1) return DIGITS_AND_DOTS.test(node) ? node : undefined
  // Two colons: a bare IPv6 address, which RFC 7239 does not allow and X-Forwarded-For has always had.
  if (node.includes(':', colon + 1)) return node
  return DIGITS_AND_DOTS.test(node.slice(0, colon)) && PORT.test(node.slice(colon)) ? node.slice(0, colon) : undefined
}

const DIGITS_AND_DOTS = /^[\d.]+$/
/** A port or an obfuscated one. */
const PORT = /^(?::(?:\d{1,5}|_[\w.-]+))?$/
