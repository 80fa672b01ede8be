const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of `500ms`, `5s`, `1.5m`, `2h` or `1d`; `undefined` for anything else. A unit is needed. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim())
  const unit = UNITS[match?.[2] ?? '']
  const milliseconds = unit === undefined ? Number.NaN : Math.round(Number(match?.[1]) * unit)
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined
}

/** How long ago or ahead, in whole seconds or more: `0 s`, `53 s`, `12 min`. */
export function ageInWords(milliseconds: number): string {
  return milliseconds < 60_000 ? `${Math.floor(milliseconds / 1_000)} s` : durationInWords(milliseconds)
}

/** In words with at most three digits: `4 ms`, `1.42 s`, `12 min`, `3 h`, `5 d`. */
export function durationInWords(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 60_000) return `${Number((milliseconds / 1_000).toPrecision(3))} s`
  if (milliseconds < 3_600_000) return `${Math.round(milliseconds / 60_000)} min`
  if (milliseconds < 172_800_000) return `${Math.round(milliseconds / 3_600_000)} h`
  return `${Math.round(milliseconds / 86_400_000)} d`
}
