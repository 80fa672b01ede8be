import type { Address } from '../fci/prefix.ts'

const MAX_SAMPLES = 20_000

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
 * Walks the search tree of a MaxMind DB once and gives one address for each of up to 20 000 different records.
 * Throws Error saying what is wrong if a node or a record lies outside the file. Linear in the number of nodes.
 */
export function sampleRecords(file: Buffer, layout: TreeLayout): readonly Address[] {
  const { nodeCount, searchTreeSize, ipVersion } = layout
  const bits = ipVersion === 4 ? 32 : 128
  const lastRecord = nodeCount + file.length - searchTreeSize
  const visited = new Uint8Array(nodeCount)
  const seen = new Set<number>()
  const samples: Address[] = []
  const path = new Uint8Array(bits)
  const nodes: { readonly node: number; readonly depth: number; readonly bit: number }[] = [
    { node: 0, depth: 0, bit: 0 },
  ]
  for (let next = nodes.pop(); next !== undefined; next = nodes.pop()) {
    const { node, depth, bit } = next
    if (depth > 0) path[depth - 1] = bit
    if (node < nodeCount) {
      // IPv6 trees reach their IPv4 part on several ways.
      if (visited[node] === 1) continue
      visited[node] = 1
      if (depth >= bits) throw new Error('the search tree is deeper than an address has bits')
      nodes.push({ node: readRecord(file, layout, node, 1), depth: depth + 1, bit: 1 })
      nodes.push({ node: readRecord(file, layout, node, 0), depth: depth + 1, bit: 0 })
    } else if (node > lastRecord) throw new Error('the search tree points beyond the end of the file')
    else if (node > nodeCount && !seen.has(node) && samples.length < MAX_SAMPLES) {
      seen.add(node)
      samples.push(toAddress(path.subarray(0, depth), bits))
    }
  }
  return samples
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

function toAddress(path: Uint8Array, bits: 32 | 128): Address {
  let value = 0n
  for (const bit of path) value = (value << 1n) | BigInt(bit)
  value <<= BigInt(bits - path.length)
  // Within an IPv6 tree the IPv4 space is ::/96.
  if (bits === 32 || value >> 32n === 0n) return { version: 4, value }
  return { version: 6, value }
}
