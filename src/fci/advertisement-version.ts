import { createHash } from 'node:crypto'
import type { Advertisement } from './advertisement.ts'
import { canonicalCapabilities, jsonOf } from './canonical-advertisement.ts'
import { canonicalJson } from './canonical-json.ts'
import { keyOfCdnPath, printCdnPath } from './cdn-path.ts'
import type { Conjunction } from './footprint.ts'
import { printFootprint } from './print-footprints.ts'

/**
 * A strong version of what the advertisement says, equal for equal models and fit for an ETag: the SHA-256, in
 * base64url, of the canonical JSON. Diagnostics do not enter; capabilities for nobody do, although they are not printed.
 */
export function versionOf(advertisement: Advertisement): string {
  const said = canonicalCapabilities(advertisement.capabilities).map(({ type, value, footprint, ...path }) => {
    const { lists, withheld } = printFootprint(footprint)
    return [
      type,
      jsonOf(value),
      lists.map((footprints) => footprints ?? 'global'),
      ...(keyOfCdnPath(path) === '' ? [] : [printCdnPath(path)]),
      ...(withheld.length === 0 ? [] : [jsonOf(withheld.map(plainConjunction))]),
    ]
  })
  return createHash('sha256').update(canonicalJson(said)).digest('base64url')
}

/** A conjunction as JSON, which has no bigints. */
function plainConjunction(conjunction: Conjunction): unknown {
  return JSON.parse(
    JSON.stringify(conjunction, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  )
}
