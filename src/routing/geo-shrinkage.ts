import type { GeoEdition } from './geo-source.ts'

/**
 * Why the later edition of a source must not take the place of the former one: it lost more than `maxShrink` of its
 * entries (0.5: half of them), as a file does that was cut off at the end of a line. Undefined if it may.
 */
export function whyShrunk(before: GeoEdition, after: GeoEdition, maxShrink: number): string | undefined {
  if (before.version === after.version || before.entries === 0) return undefined
  const lost = (before.entries - after.entries) / before.entries
  if (lost <= maxShrink) return undefined
  const [was, is] = [before.entries, after.entries]
  return `it has ${is} entries where the one in use has ${was}; if that is right, raise routing.geo_max_shrink`
}
