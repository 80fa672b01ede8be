import type { Partition } from './partition.ts'
import { PartitionBuilder } from './partition.ts'

/** Trees may share branches, but one that is walked this often has been made to keep us busy. */
const MAX_WALKS = 4

/** What a MaxMind DB's metadata says of its search tree. */
export interface TreeLayout {
  readonly ipVersion: number
  readonly nodeCount: number
  readonly nodeByteSize: number
  /** Bits of one record: 24, 28 or 32. */
  readonly recordSize: number
  /** Bytes of the whole tree. */
  readonly searchTreeSize: number
}

/**
 * The IPv4 or the IPv6 part of the search tree, with the label that `labelOf` gives for each record; 0 where there is
 * none. Within an IPv6 tree the IPv4 space is ::/96; the ways on which IPv6 addresses lead there too are left out,
 * since their clients count as IPv4 (`reduceToIpv4`). Throws Error if a node or a record lies outside the file.
 * @param labelOf - is given a record's place and the words of the first address that leads to it.
 */
export function walkTree(
  file: Buffer,
  layout: TreeLayout,
  version: 4 | 6,
  labelOf: (record: number, words: Uint32Array) => number,
): Partition {
  const { nodeCount, searchTreeSize, ipVersion } = layout
  const ipv4Root = ipVersion === 4 ? 0 : followZeros(file, layout, 96)
  const root = version === 4 ? ipv4Root : 0
  const bits = version === 4 ? 32 : 128
  const avoided = version === 6 ? ipv4Root : -1
  const lastRecord = nodeCount + file.length - searchTreeSize
  const builder = new PartitionBuilder(version, nodeCount)
  const words = new Uint32Array(bits / 32)
  // The way to the place at hand: what is still to be walked to its right, one node per depth.
  const pending: { readonly node: number; readonly depth: number }[] = [{ node: root, depth: 0 }]
  let walked = 0
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    let { node, depth } = next
    if (depth > 0) stepRight(words, depth)
    while (node < nodeCount && (node !== avoided || depth === 0)) {
      if (depth >= bits) throw new Error('the search tree is deeper than an address has bits')
      if (++walked > nodeCount * MAX_WALKS) throw new Error('the search tree leads to the same nodes again and again')
      pending.push({ node: readRecord(file, layout, node, 1), depth: depth + 1 })
      node = readRecord(file, layout, node, 0)
      depth++
    }
    if (node > lastRecord) throw new Error('the search tree points beyond the end of the file')
    builder.append(words, 0, node > nodeCount ? labelOf(node, words) : 0)
  }
  return builder.build()
}

/** Sets the bit of this depth and clears those below: from the left branch to the right one. */
function stepRight(words: Uint32Array, depth: number): void {
  const word = (depth - 1) >>> 5
  const bit = (depth - 1) & 31
  const above = bit === 0 ? 0 : 0xffffffff << (32 - bit)
  words[word] = ((words[word] ?? 0) & above) | (0x80000000 >>> bit)
  words.fill(0, word + 1)
}

/** Where this many zero bits lead: a node, or a record on the way. */
function followZeros(file: Buffer, layout: TreeLayout, bits: number): number {
  let node = 0
  for (let depth = 0; depth < bits && node < layout.nodeCount; depth++) node = readRecord(file, layout, node, 0)
  return node
}

function readRecord(file: Buffer, { recordSize, nodeByteSize }: TreeLayout, node: number, side: 0 | 1): number {
  const at = node * nodeByteSize
  switch (recordSize) {
    case 24:
      return file.readUIntBE(at + side * 3, 3)
    case 28: {
      const shared = file.readUInt8(at + 3)
      return side === 0
        ? (shared >> 4) * 0x1000000 + file.readUIntBE(at, 3)
        : (shared & 15) * 0x1000000 + file.readUIntBE(at + 4, 3)
    }
    default:
      return file.readUInt32BE(at + side * 4)
  }
}
