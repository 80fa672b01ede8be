/** What a player tells when it asks for its manifest. */
export interface SteeringReport {
  /** Pathways used since it asked last, for HLS only the present one. Empty: it has not begun. */
  readonly used: readonly string[]
}

const PATHWAY = /^[A-Za-z0-9._-]{1,128}$/
const THROUGHPUT = /^(?:\d{1,15}(?:\.\d{1,15})?)?$/
const MAX_PATHWAYS = 32

const NAMES = {
  hls: { pathway: '_HLS_pathway', throughput: '_HLS_throughput' },
  dash: { pathway: '_DASH_pathway', throughput: '_DASH_throughput' },
} as const

/**
 * Reads `_HLS_pathway` and `_HLS_throughput` (one of each), or `_DASH_pathway` and `_DASH_throughput` (comma-separated
 * lists). Both specifications write the pathway in quotes; hls.js sends it without, dash.js with them. Throughput is bits per second and only checked: it is measured by the player for itself.
 *
 * @returns the name of the parameter that is wrong, if one is.
 */
export function readReport(
  format: 'hls' | 'dash',
  query: URLSearchParams,
): SteeringReport | { readonly wrong: string } {
  const { pathway, throughput } = NAMES[format]
  const used = listOf(format, query.get(pathway))
  if (used.length > MAX_PATHWAYS || !used.every((one) => PATHWAY.test(one))) return { wrong: pathway }
  const rates = listOf(format, query.get(throughput))
  if (rates.length > MAX_PATHWAYS || !rates.every((one) => THROUGHPUT.test(one))) return { wrong: throughput }
  return { used }
}

function listOf(format: 'hls' | 'dash', text: string | null): readonly string[] {
  const bare = text?.replace(/^"(.*)"$/s, '$1') ?? ''
  if (bare === '') return []
  return format === 'hls' ? [bare] : bare.split(',')
}
