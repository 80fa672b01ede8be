import type { Prefix } from '../../src/fci/prefix.ts'

export type MmdbValue = string | number | readonly MmdbValue[] | { readonly [name: string]: MmdbValue }

export interface MmdbContent {
  readonly entries: readonly { readonly prefix: Prefix; readonly record: MmdbValue }[]
  readonly recordSize: 24 | 28 | 32
  readonly ipVersion: 4 | 6
  /** Seconds since the epoch. */
  readonly buildEpoch: number
  readonly databaseType: string
}

type Node = [Slot, Slot]
type Slot = Node | number | undefined

/** Writes a small MaxMind DB file, version 2.0 of the format. Entries may nest if the wider one comes first. */
export function writeMmdb({ entries, recordSize, ipVersion, buildEpoch, databaseType }: MmdbContent): Buffer {
  const data: Buffer[] = []
  let dataLength = 0
  const root: Node = [undefined, undefined]
  for (const { prefix, record } of entries) {
    const encoded = encodeValue(record)
    insert(root, prefix, ipVersion, dataLength)
    data.push(encoded)
    dataLength += encoded.length
  }
  const nodes = numberNodes(root)
  const tree = Buffer.alloc((nodes.length * recordSize) / 4)
  const numbers = new Map(nodes.map((node, i) => [node, i]))
  const slotNumber = (slot: Slot): number => {
    if (slot === undefined) return nodes.length
    return typeof slot === 'number' ? nodes.length + 16 + slot : (numbers.get(slot) ?? 0)
  }
  nodes.forEach(([left, right], i) => {
    writeNode(tree, (i * recordSize) / 4, recordSize, slotNumber(left), slotNumber(right))
  })
  const metadata = encodeValue({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: buildEpoch,
    database_type: databaseType,
    description: {},
    ip_version: ipVersion,
    languages: [],
    node_count: nodes.length,
    record_size: recordSize,
  })
  const marker = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com')])
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, metadata])
}

function insert(root: Node, prefix: Prefix, ipVersion: 4 | 6, offset: number): void {
  const width = prefix.version === 4 ? 32n : 128n
  const skipped = prefix.version === 4 && ipVersion === 6 ? 96 : 0
  const bits: (0 | 1)[] = Array.from({ length: skipped }, () => 0)
  for (let i = 0n; i < BigInt(prefix.length); i++) bits.push((prefix.value >> (width - 1n - i)) & 1n ? 1 : 0)
  let node = root
  for (const [i, bit] of bits.entries()) {
    if (i === bits.length - 1) {
      node[bit] = offset
      return
    }
    const slot = node[bit]
    const next: Node = typeof slot === 'object' ? slot : [slot, slot]
    node[bit] = next
    node = next
  }
}

function numberNodes(root: Node): Node[] {
  const nodes: Node[] = []
  const visit = (node: Node): void => {
    nodes.push(node)
    for (const slot of node) if (typeof slot === 'object') visit(slot)
  }
  visit(root)
  return nodes
}

function writeNode(tree: Buffer, at: number, recordSize: 24 | 28 | 32, left: number, right: number): void {
  switch (recordSize) {
    case 24:
      tree.writeUIntBE(left, at, 3)
      tree.writeUIntBE(right, at + 3, 3)
      break
    case 28:
      tree.writeUIntBE(left % 0x1000000, at, 3)
      tree.writeUInt8(Math.floor(left / 0x1000000) * 16 + Math.floor(right / 0x1000000), at + 3)
      tree.writeUIntBE(right % 0x1000000, at + 4, 3)
      break
    case 32:
      tree.writeUInt32BE(left, at)
      tree.writeUInt32BE(right, at + 4)
      break
  }
}

function encodeValue(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value)
    return Buffer.concat([control(2, text.length), text])
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([control(6, 4), bytes])
  }
  if (isList(value)) return Buffer.concat([control(11, value.length), ...value.map(encodeValue)])
  const members = Object.entries(value)
  return Buffer.concat([
    control(7, members.length),
    ...members.flatMap(([name, member]) => [encodeValue(name), encodeValue(member)]),
  ])
}

function isList(value: MmdbValue): value is readonly MmdbValue[] {
  return Array.isArray(value)
}

/** Type and size; sizes below 285 only. */
function control(type: number, size: number): Buffer {
  if (size > 284) throw new RangeError('this writer knows short values only')
  const bytes = type < 8 ? [(type << 5) | Math.min(size, 29)] : [Math.min(size, 29), type - 7]
  return Buffer.from(size < 29 ? bytes : [...bytes, size - 29])
}
