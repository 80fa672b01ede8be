import { factCount, factsAt } from '../src/routing/fact-table.ts'
import type { GeoFacts } from '../src/routing/geo-facts.ts'
import type { GeoTable } from '../src/routing/geo-table.ts'
import type { Partition } from '../src/routing/partition.ts'

/** The IPv4 half of a table as a MaxMind DB file (format 2.0): same ranges, same facts, each record written once. */
export function writeMmdb({ v4, facts }: GeoTable): Buffer {
  const records = Array.from({ length: factCount(facts) }, (_, number) => encodeFacts(factsAt(facts, number)))
  const offsets: number[] = []
  let length = 0
  for (const record of records) {
    offsets.push(length)
    length += record.length
  }
  const nodes: number[] = []
  const leaf = (label: number): number => -1 - label
  fillNode(v4, nodes, 0, v4.count, 0, leaf)
  const nodeCount = nodes.length / 2
  const tree = Buffer.alloc(nodeCount * 8)
  for (const [i, entry] of nodes.entries()) {
    const label = -1 - entry
    const target = entry >= 0 ? entry : label === 0 ? nodeCount : nodeCount + 16 + (offsets[label] ?? 0)
    tree.writeUInt32BE(target, i * 4)
  }
  const metadata = encodeMap([
    ['binary_format_major_version', encodeNumber(2)],
    ['binary_format_minor_version', encodeNumber(0)],
    ['build_epoch', encodeNumber(1_700_000_000)],
    ['database_type', encodeText('bench')],
    ['description', encodeMap([])],
    ['ip_version', encodeNumber(4)],
    ['languages', Buffer.from([0, 4])],
    ['node_count', encodeNumber(nodeCount)],
    ['record_size', encodeNumber(32)],
  ])
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
  return Buffer.concat([tree, Buffer.alloc(16), ...records, marker, metadata])
}

/** Writes the node behind `depth` bits, whose first address lies in range `inside`; answers its number. */
function fillNode(
  partition: Partition,
  nodes: number[],
  inside: number,
  end: number,
  depth: number,
  leaf: (label: number) => number,
): number {
  const node = nodes.length / 2
  nodes.push(0, 0)
  let middle = inside + 1
  while (middle < end && ((partition.starts[middle] ?? 0) << depth) >>> 31 === 0) middle++
  const startsRight = middle < end && ((partition.starts[middle] ?? 0) << depth) >>> 0 === 0x80000000
  const right = startsRight ? middle : middle - 1
  const side = (first: number, last: number): number =>
    last - first === 1 ? leaf(partition.labels[first] ?? 0) : fillNode(partition, nodes, first, last, depth + 1, leaf)
  nodes[node * 2] = side(inside, middle)
  nodes[node * 2 + 1] = side(right, end)
  return node
}

function encodeFacts(facts: GeoFacts | undefined): Buffer {
  const members: [string, Buffer][] = []
  if (facts?.asn !== undefined) members.push(['autonomous_system_number', encodeNumber(facts.asn)])
  if (facts?.country !== undefined) {
    members.push(['country', encodeMap([['iso_code', encodeText(facts.country.toUpperCase())]])])
  }
  return encodeMap(members)
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length > 28) throw new RangeError('this writer knows short texts only')
  return Buffer.concat([Buffer.from([(2 << 5) | bytes.length]), bytes])
}

function encodeNumber(value: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes.writeUInt8((6 << 5) | 4)
  bytes.writeUInt32BE(value, 1)
  return bytes
}

function encodeMap(members: readonly (readonly [string, Buffer])[]): Buffer {
  const parts = members.flatMap(([name, value]) => [encodeText(name), value])
  return Buffer.concat([Buffer.from([(7 << 5) | members.length]), ...parts])
}
