import { descend } from '../../fci/named/named-footprint.ts'
import { referencesOf } from '../../fci/named/named-references.ts'
import type { NamedRegistry } from '../../fci/named/named-registry.ts'

/** Beyond this an advertisement asks for more than we fetch on its behalf. */
const MAX_NEEDED = 2_000

/**
 * The footprints that these references lead to: themselves, their sub-footprints, and what the definitions of all these
 * refer to in turn ([NF] 4.3). Ends for cycles; at most 2000.
 */
export function neededFootprints(references: readonly string[], registry: NamedRegistry): ReadonlySet<string> {
  const needed = new Set<string>()
  const open = [...references]
  for (let uri = open.pop(); uri !== undefined && needed.size < MAX_NEEDED; uri = open.pop()) {
    if (needed.has(uri)) continue
    needed.add(uri)
    const held = registry.get(uri)
    if (held === undefined) continue
    for (const footprint of descend(held.footprint)) {
      if (footprint.uri !== undefined && !needed.has(footprint.uri)) open.push(footprint.uri)
      open.push(...referencesOf(footprint.definition).filter((one) => !needed.has(one)))
    }
  }
  return needed
}
