const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/

/** Milliseconds since the epoch of an RFC 3339 date-time; undefined if the text is none. */
export function parseDateTime(text: string): number | undefined {
  const match = DATE_TIME.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number)
  // A day that the month does not have would be read as one of the next month.
  const lastDay = new Date(Date.UTC(year ?? 0, month ?? 0, 0)).getUTCDate()
  if (!(day !== undefined && day >= 1 && day <= lastDay) || !(hour !== undefined && hour < 24)) return undefined
  if (!(minute !== undefined && minute < 60) || !(second !== undefined && second <= 60)) return undefined
  // A leap second is not in the count of the epoch.
  const time = Date.parse(second === 60 ? `${text.slice(0, 17)}59${text.slice(19)}`.toUpperCase() : text.toUpperCase())
  return Number.isNaN(time) ? undefined : time
}

/** RFC 3339 in UTC, without a fraction of zero. Throws RangeError beyond the years 0 to 9999. */
export function formatDateTime(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z')
}
