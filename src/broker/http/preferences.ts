export interface Preferences {
  readonly respondAsync: boolean
  /** `wait=SECONDS`, as milliseconds. */
  readonly waitMs?: number
}

/** What of `Prefer` (RFC 7240) is known here; the rest is ignored, as the RFC says. */
export function parsePreferences(header: string | undefined): Preferences {
  const names = (header ?? '').split(',').map((part) => (part.split(';')[0] ?? '').trim().toLowerCase())
  const wait = names
    .map((name) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(name)?.[1])
    .find((seconds) => seconds !== undefined)
  return {
    respondAsync: names.includes('respond-async'),
    ...(wait === undefined ? {} : { waitMs: Number(wait) * 1000 }),
  }
}
