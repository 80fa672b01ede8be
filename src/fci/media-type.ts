/** A media type (RFC 9110 8.3.1). */
export interface MediaType {
  /** Lower case, e.g. `application/cdni`. */
  readonly essence: string
  /** By lower-case name; values as given, unquoted. */
  readonly parameters: ReadonlyMap<string, string>
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const QUOTED = /"((?:[\t !#-[\]-~\u0080-\u00ff]|\\[\t -~\u0080-\u00ff])*)"/y
const BLANKS = /[\t ]*/y
const WHOLE_TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** RFC 7736 2.1: 1*256(%x21 / %x23-3A / %x3C / %x3E-7E). */
const PTYPE = /^[\u0021\u0023-\u003a\u003c\u003e-\u007e]{1,256}$/

/**
 * Reads a `Content-Type` value: names without case, values as token or quoted string, blanks around `;` but not around
 * `=` (RFC 9110 5.6.6). Undefined if it is not one, or if a parameter occurs twice.
 */
export function parseMediaType(text: string): MediaType | undefined {
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) return undefined
    at = pattern.lastIndex
    return match[1] ?? match[0]
  }
  take(BLANKS)
  const type = take(TOKEN)
  if (type === undefined || text[at++] !== '/') return undefined
  const subtype = take(TOKEN)
  if (subtype === undefined) return undefined
  const parameters = new Map<string, string>()
  for (;;) {
    take(BLANKS)
    if (at === text.length) return { essence: `${type}/${subtype}`.toLowerCase(), parameters }
    if (text[at++] !== ';') return undefined
    take(BLANKS)
    if (at === text.length || text[at] === ';') continue
    const name = take(TOKEN)?.toLowerCase()
    if (name === undefined || text[at++] !== '=' || parameters.has(name)) return undefined
    const value = text[at] === '"' ? take(QUOTED)?.replaceAll(/\\(.)/g, '$1') : take(TOKEN)
    if (value === undefined) return undefined
    parameters.set(name, value)
  }
}

/**
 * Prints `application/cdni; ptype=...` (RFC 7736 2.1), quoting where the value is no token.
 * Throws RangeError if the payload type is outside the grammar.
 */
export function printCdniMediaType(ptype: string): string {
  if (!PTYPE.test(ptype)) throw new RangeError(`${JSON.stringify(ptype)} is not a CDNI payload type (RFC 7736 2.1)`)
  return `application/cdni; ptype=${WHOLE_TOKEN.test(ptype) ? ptype : `"${ptype.replaceAll('\\', '\\\\')}"`}`
}

/** The payload type of an `application/cdni` value; undefined if it is another type, has none, or an invalid one. */
export function ptypeOf(mediaType: MediaType): string | undefined {
  const ptype = mediaType.essence === 'application/cdni' ? mediaType.parameters.get('ptype') : undefined
  return ptype !== undefined && PTYPE.test(ptype) ? ptype : undefined
}
