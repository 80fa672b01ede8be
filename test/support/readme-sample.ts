import { z } from 'zod'

/** What differs from run to run, and what stands for it in a comparison. The order matters. */
const VARIABLE: readonly (readonly [pattern: RegExp, placeholder: string])[] = [
  [/\b(moqt|wss?|https?):\/\/127\.0\.0\.1:\d+\/[\w.-]{20,}/g, '$1://127.0.0.1:PORT/TOKEN'],
  [/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT'],
  [/\bmqb_\w{10}_[\w.-]+/g, 'KEY'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UUID'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| UTC)?/g, 'TIME'],
  [/\b[0-9a-f]{32}\b/g, 'REMOTE-ID'],
  [/\b([Mm])ap [0-9a-f]{16}\b/g, '$1ap VERSION'],
  [/\b1[0-9a-hjkmnp-tv-z]{19}\b/g, 'ID'],
  [/\b(cdn-[abc]) [\w-]{12} \(/g, '$1 VERSION ('],
  [/\b(current) +[\w-]{12} +([\d.]+ \w+) +[\w-]{12}(?![\w-])/g, '$1 VERSION $2 VERSION'],
  [/\bversion +[\w-]{43}(?=\n|$)/g, 'version VERSION'],
  [/(?:< 1|[+-]?\b\d+(?:\.\d+)?) (?:ms|s|min|h)\b/g, 'DURATION'],
  [/\b\d+(?:\.\d+)? (?:B|KiB|MiB)\b/g, 'SIZE'],
  // Whether an object was on its way just when the relay went down is chance.
  [/\b\d+ before, \d+ during(?:, \d+ lost)?/g, 'N before, N during'],
  [/\bobject \d+\b/g, 'object N'],
  [/\brevision +\d+\b/g, 'revision N'],
  [/\(line \d+\)/g, '(line N)'],
  [/\?s=[\w-]+\.[\w-]+/g, '?s=STATE'],
  [/\battempt \d+\b/g, 'attempt N'],
  [/\(E[A-Z]+\)/g, '(CODE)'],
  // Which loop sees a dead CDN first, and so what is said of it besides.
  [/\bobjects received: .*/g, 'objects received'],
  [/\bno canary session: .*/g, 'no canary session'],
  [/\b(?:breaker_open|unavailable): .*/g, 'PROBLEM'],
  [/ +/g, ' '],
  [/\bdown (?:open|half-open|closed)\b/g, 'down BREAKER'],
  [/\bunwired (?:→ \S+|-)/g, 'unwired'],
  [/^ ?\d+ TIME /gm, 'N TIME '],
]

/** Steps of a drill, which different loops of the broker take, and CDNs that are called at once: in either order. */
const UNORDERED = [/^ ?DURATION [a-z-]+ /, /^N TIME placement\.created /]

/**
 * A printed text without what differs from run to run: ids, tokens, keys, ports, times, durations, counts of objects,
 * the width of columns, and the order of what happens at once. JSON is compared by its meaning.
 *
 * @param keyId - the id of the key that made the calls.
 */
export function comparable(text: string, keyId: string): string {
  const json = jsonIn(text)
  if (json !== undefined) return JSON.stringify(json, comparableMember, 2)
  const lines = mask(text)
    .replaceAll(keyId, 'OWNER')
    .split('\n')
    .map((line) => line.trimEnd())
  return UNORDERED.reduce(sortMatching, lines).join('\n').trim()
}

function mask(text: string): string {
  return VARIABLE.reduce((sofar, [pattern, placeholder]) => sofar.replace(pattern, placeholder), text)
}

/** The lines that match in the order of their text, each at a place where one was. */
function sortMatching(lines: readonly string[], pattern: RegExp): readonly string[] {
  const sorted = lines.filter((line) => pattern.test(line)).toSorted()
  let next = 0
  return lines.map((line) => (pattern.test(line) ? (sorted[next++] ?? line) : line))
}

const VARIABLE_MEMBERS = new Set(['token', 'scope_id', 'owner', 'revision', 'created_at', 'updated_at', 'instance'])
const JsonObject = z.record(z.string(), z.unknown())

function jsonIn(text: string): unknown {
  return text.trim().startsWith('{') ? JsonObject.parse(JSON.parse(text)) : undefined
}

/** Members come in the order of their names: theirs is no part of the meaning. */
function comparableMember(name: string, value: unknown): unknown {
  if (VARIABLE_MEMBERS.has(name)) return name.toUpperCase()
  if (typeof value === 'string') return mask(value)
  const object = JsonObject.safeParse(value)
  if (!object.success) return value
  return Object.fromEntries(Object.entries(object.data).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
