import type { Prefix } from '../fci/prefix.ts'
import { wordsOfValue } from '../fci/prefix.ts'
import { sortRows } from '../fci/sort-rows.ts'
import { FactInterner } from './fact-table.ts'
import type { GeoFacts } from './geo-facts.ts'
import type { GeoTable } from './geo-table.ts'
import type { Partition } from './partition.ts'
import { flattenPrefixes, wordsPerAddress } from './partition.ts'

/** What a row of a source says of a prefix. */
export interface PrefixFacts {
  readonly prefix: Prefix
  readonly facts: Omit<GeoFacts, 'source'>
}

/** A table in which the longest prefix decides alone: what its row leaves open is unknown there. */
export function tableOfPrefixes(entries: readonly PrefixFacts[], source: string): GeoTable {
  const interner = new FactInterner()
  const numbers = entries.map(({ facts }) => interner.intern({ ...facts, source }))
  const flatten = (version: 4 | 6): Partition => {
    const words = wordsPerAddress(version)
    const stride = words + 2
    const rows = new Uint32Array(entries.length * stride)
    let count = 0
    for (const [i, { prefix }] of entries.entries()) {
      if (prefix.version !== version) continue
      const at = count++ * stride
      wordsOfValue(prefix, rows, at)
      rows[at + words] = prefix.length
      rows[at + words + 1] = numbers[i] ?? 0
    }
    const sorted = sortRows(rows, stride, count)
    return flattenPrefixes(version, sorted, 1, (at) => sorted[at + words + 1] ?? 0)
  }
  return { v4: flatten(4), v6: flatten(6), facts: interner.build() }
}
