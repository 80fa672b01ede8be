/**
 * A moment in microseconds since 1970. Milliseconds would not do: the registry hands out every instant once, so
 * that a list can be paged by creation time alone.
 */
export type Instant = number

const MICROS_PER_MS = 1000

export function instantFromMs(ms: number): Instant {
  return Math.round(ms * MICROS_PER_MS)
}

/** RFC 3339 in UTC with six decimals. */
export function instantToRfc3339(instant: Instant): string {
  const wholeMs = Math.floor(instant / MICROS_PER_MS)
  const micros = String(instant % MICROS_PER_MS).padStart(3, '0')
  return new Date(wholeMs).toISOString().replace('Z', `${micros}Z`)
}

const RFC_3339 = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/

/** `undefined` where the text is not an RFC 3339 date-time. Digits beyond microseconds are cut off. */
export function parseRfc3339(text: string): Instant | undefined {
  const [, seconds, fraction = '', zone] = RFC_3339.exec(text) ?? []
  if (seconds === undefined || zone === undefined) return undefined
  const ms = Date.parse(`${seconds}${zone}`.toUpperCase())
  return Number.isNaN(ms) ? undefined : instantFromMs(ms) + Number(fraction.padEnd(6, '0').slice(0, 6))
}
