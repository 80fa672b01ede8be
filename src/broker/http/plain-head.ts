import { isHost } from '../../routing/redirect-target.ts'

/** The head of a request for which every HTTP/1.1 parser reads the same: `GET`, a path, no body, a kept connection. */
export interface PlainHead {
  readonly target: string
  /** Its field lines with their ends, as `readPlainFields` takes them. */
  readonly fieldsAt: number
  /** Behind the empty line. */
  readonly end: number
}

/** Field values by name in lower case; no name stands twice. */
export type PlainFields = ReadonlyMap<string, string>

const START = 'GET /'
const VERSION = ' HTTP/1.1'
const LINE_END = '\r\n'
const HEAD_END = '\r\n\r\n'
/** Longer ones are left to node's parser, which bounds them. */
const MAX_HEAD = 8 * 1024

/**
 * Finds the head that begins at `at` in text of one character per byte, if all of it is there. Only its request line is
 * read, and of the target only that it has no blank and no control character. `undefined`: not plain, or not complete.
 */
export function findPlainHead(text: string, at: number): PlainHead | undefined {
  if (!text.startsWith(START, at)) return undefined
  const lineEnd = text.indexOf(LINE_END, at)
  if (lineEnd === -1 || !text.startsWith(VERSION, lineEnd - VERSION.length)) return undefined
  const target = text.slice(at + START.length - 1, lineEnd - VERSION.length)
  if (!TARGET.test(target)) return undefined
  const empty = text.indexOf(HEAD_END, lineEnd)
  const end = empty + HEAD_END.length
  if (empty === -1 || end - at > MAX_HEAD) return undefined
  return { target, fieldsAt: lineEnd + LINE_END.length, end }
}

/** RFC 3986 without a fragment; percent-encoding is not looked into. */
const TARGET = /^\/[\w.~:/?@!$&'()*+,;=%-]*$/
/** RFC 9110 5.6.2. */
const NAME = /^[!#$%&'*+.^`|~\w-]+$/
/** RFC 9110 5.5 without bytes beyond ASCII. */
const VALUE = /^[\t\x20-\x7e]*$/
const OUTER_BLANKS = /^[\t ]+|[\t ]+$/g

/** Say where a message ends, or that another protocol or another kind of answer is wanted. */
const WEIGHTY: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Reads field lines of which each has its end. `undefined` where a reader could take them in another way: folded lines,
 * blanks around a name, a name that stands twice, control characters, bytes beyond ASCII; where a field is among them
 * that frames the message or changes the protocol, but for `Connection: keep-alive`; and without exactly one `Host`.
 */
export function readPlainFields(text: string): PlainFields | undefined {
  const fields = new Map<string, string>()
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf(LINE_END, at)
    const colon = text.indexOf(':', at)
    if (end === -1 || colon === -1 || colon > end) return undefined
    const written = text.slice(at, colon)
    const value = text.slice(colon + 1, end)
    if (!NAME.test(written) || !VALUE.test(value)) return undefined
    const name = written.toLowerCase()
    const meant = value.replace(OUTER_BLANKS, '')
    const isKept = name === 'connection' && meant.toLowerCase() === 'keep-alive'
    if (fields.has(name) || (WEIGHTY.has(name) && !isKept)) return undefined
    fields.set(name, meant)
    at = end + LINE_END.length
  }
  return isHost(fields.get('host') ?? '') ? fields : undefined
}
