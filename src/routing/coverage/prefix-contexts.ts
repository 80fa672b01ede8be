import type { Prefix } from '../../fci/prefix.ts'
import { wordsOfValue } from '../../fci/prefix.ts'
import { sortRows } from '../../fci/sort-rows.ts'
import { PairInterner } from '../pair-interner.ts'
import type { Partition } from '../partition.ts'
import { flattenPrefixes, wordsPerAddress } from '../partition.ts'

/** Longest prefix length plus some, so that list and length fit into one word. */
const LENGTHS = 256
const MAX_LISTS = 2 ** 32 / LENGTHS

/**
 * What the prefix lists of a column say of the addresses of one family: addresses that lie in the same lists, in each
 * with the same lengths, share a context. Context 0 lies in no list.
 */
export interface PrefixContexts {
  /** Labelled with contexts. */
  readonly partition: Partition
  /** Lists that hold the context; one may occur several times. */
  readonly listsAt: (context: number) => readonly number[]
  /** Bits of the longest prefix of this list that holds the context; -1 for none. */
  readonly lengthIn: (context: number, list: number) => number
}

export function findPrefixContexts(version: 4 | 6, lists: readonly (readonly Prefix[])[]): PrefixContexts {
  if (lists.length >= MAX_LISTS) throw new RangeError(`${lists.length} prefix lists are too many for one column`)
  const words = wordsPerAddress(version)
  const rows = collectRows(version, lists)
  // A context is the list and length met last, inside another context.
  const chain = new PairInterner()
  const partition = flattenPrefixes(
    version,
    rows,
    1,
    (at, around) => 1 + chain.intern(around, (rows[at + words + 1] ?? 0) * LENGTHS + (rows[at + words] ?? 0)),
  )
  return {
    partition,
    listsAt: (context) => {
      const found: number[] = []
      for (let at = context; at > 0; at = chain.first(at - 1)) found.push(Math.floor(chain.second(at - 1) / LENGTHS))
      return found
    },
    lengthIn: (context, list) => {
      for (let at = context; at > 0; at = chain.first(at - 1)) {
        const met = chain.second(at - 1)
        if (Math.floor(met / LENGTHS) === list) return met % LENGTHS
      }
      return -1
    },
  }
}

/** Rows of address, length and list, sorted. */
function collectRows(version: 4 | 6, lists: readonly (readonly Prefix[])[]): Uint32Array {
  const words = wordsPerAddress(version)
  const stride = words + 2
  let count = 0
  for (const list of lists) for (const prefix of list) if (prefix.version === version) count++
  const rows = new Uint32Array(count * stride)
  let at = 0
  for (const [number, list] of lists.entries()) {
    for (const prefix of list) {
      if (prefix.version !== version) continue
      wordsOfValue(prefix, rows, at)
      rows[at + words] = prefix.length
      rows[at + words + 1] = number
      at += stride
    }
  }
  return sortRows(rows, stride, count)
}
