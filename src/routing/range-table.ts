import type { Address, Prefix } from '../fci/prefix.ts'
import { lastValue } from '../fci/prefix.ts'
import { comparePrefixes } from '../fci/prefix-set.ts'

/**
 * Prefixes, nested at will, flattened to sorted ranges: one binary search finds the longest prefix that holds an
 * address, and `parentOf` leads from there to every wider one.
 */
export interface RangeTable {
  /** Position, in the list given to `buildRangeTable`, of the longest prefix that holds the address; -1 for none. */
  readonly find: (address: Address) => number
  /** The next wider prefix around the one at this position, or the next of the same extent; -1 for none. */
  readonly parentOf: (position: number) => number
}

interface Entry<V> {
  readonly first: V
  readonly last: V
  readonly position: number
}

interface Boundaries<V> {
  readonly starts: V[]
  /** Position of the prefix that rules from this start to the next; -1 for none. */
  readonly positions: number[]
}

export function buildRangeTable(prefixes: readonly Prefix[]): RangeTable {
  const order = prefixes
    .map((prefix, position) => ({ prefix, position }))
    .sort((a, b) => comparePrefixes(a.prefix, b.prefix))
  const parents = new Int32Array(prefixes.length).fill(-1)
  const v4: Entry<number>[] = []
  const v6: Entry<bigint>[] = []
  for (const { prefix, position } of order) {
    if (prefix.version === 4) v4.push({ first: Number(prefix.value), last: Number(lastValue(prefix)), position })
    else v6.push({ first: prefix.value, last: lastValue(prefix), position })
  }
  const findV4 = searchV4(sweep(v4, 0, (last) => last + 1, parents))
  const findV6 = searchV6(sweep(v6, 0n, (last) => last + 1n, parents))
  return {
    find: (address) => (address.version === 4 ? findV4(Number(address.value)) : findV6(address.value)),
    parentOf: (position) => parents[position] ?? -1,
  }
}

/** Walks the prefixes in order, holding those that are open on a stack, since they only ever nest. */
function sweep<V extends number | bigint>(
  entries: readonly Entry<V>[],
  zero: V,
  after: (last: V) => V,
  parents: Int32Array,
): Boundaries<V> {
  const starts: V[] = [zero]
  const positions: number[] = [-1]
  const open: Entry<V>[] = []
  const rule = (start: V, position: number): void => {
    if (starts.at(-1) === start) positions[positions.length - 1] = position
    else {
      starts.push(start)
      positions.push(position)
    }
  }
  const close = (entry: Entry<V>): void => {
    open.pop()
    rule(after(entry.last), open.at(-1)?.position ?? -1)
  }
  for (const entry of entries) {
    for (let top = open.at(-1); top !== undefined && top.last < entry.first; top = open.at(-1)) close(top)
    parents[entry.position] = open.at(-1)?.position ?? -1
    open.push(entry)
    rule(entry.first, entry.position)
  }
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) close(top)
  return { starts, positions }
}

function searchV4({ starts, positions }: Boundaries<number>): (value: number) => number {
  // The range after the last address of all is beyond 32 bits and never searched for.
  const length = starts.at(-1) === 2 ** 32 ? starts.length - 1 : starts.length
  const keys = Uint32Array.from(starts.slice(0, length))
  const found = Int32Array.from(positions)
  return (value) => {
    let low = 0
    let high = length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((keys[middle] ?? 0) <= value) low = middle
      else high = middle - 1
    }
    return found[low] ?? -1
  }
}

const V6_END = 1n << 128n

function searchV6({ starts, positions }: Boundaries<bigint>): (value: bigint) => number {
  const length = starts.at(-1) === V6_END ? starts.length - 1 : starts.length
  const keys = new Uint32Array(length * 4)
  const found = Int32Array.from(positions)
  for (let i = 0; i < length; i++) splitWords(starts[i] ?? 0n, keys, i * 4)
  const wanted = new Uint32Array(4)
  return (value) => {
    splitWords(value, wanted, 0)
    let low = 0
    let high = length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (isAtMost(keys, middle * 4, wanted)) low = middle
      else high = middle - 1
    }
    return found[low] ?? -1
  }
}

function splitWords(value: bigint, target: Uint32Array, at: number): void {
  const high = BigInt.asUintN(64, value >> 64n)
  const low = BigInt.asUintN(64, value)
  target[at] = Number(high >> 32n)
  target[at + 1] = Number(high & 0xffffffffn)
  target[at + 2] = Number(low >> 32n)
  target[at + 3] = Number(low & 0xffffffffn)
}

function isAtMost(keys: Uint32Array, at: number, wanted: Uint32Array): boolean {
  for (let i = 0; i < 4; i++) {
    const key = keys[at + i] ?? 0
    const want = wanted[i] ?? 0
    if (key !== want) return key < want
  }
  return true
}
