import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ClassTable } from '../../../src/routing/coverage/class-table.ts'
import { buildClassTableV4, findInTableV4, isSoundTableV4 } from '../../../src/routing/coverage/class-table-v4.ts'
import { buildClassTableV6, findInTableV6, isSoundTableV6 } from '../../../src/routing/coverage/class-table-v6.ts'
import type { Partition } from '../../../src/routing/partition.ts'
import { compareWords, findWords, PartitionBuilder, wholeSpace } from '../../../src/routing/partition.ts'

const anyWord = fc.nat({ max: 0xffffffff })
/** Words that lie close to each other, or at either end, or anywhere. */
const closeWord = fc.oneof(
  anyWord,
  fc.constantFrom(0, 1, 0xffffffff, 0x80000000, 0x20010db8),
  fc.nat({ max: 600 }),
  fc.nat({ max: 255 }).map((n) => (0xc0a80000 + n * 0x100) >>> 0),
)
const anyLabel = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 1000 }))

/** Sorted, from zero on; equal neighbours are merged, so few labels make few ranges. */
function partitionOf(
  version: 4 | 6,
  first: number,
  rows: readonly (readonly [readonly number[], number])[],
): Partition {
  const words = version === 4 ? 1 : 4
  const sorted = rows
    .map(([address, label]) => ({ address: Uint32Array.from(address), label }))
    .sort((a, b) => compareWords(a.address, 0, b.address, 0, words))
  const builder = new PartitionBuilder(version, rows.length + 1)
  builder.append(new Uint32Array(words), 0, first)
  for (const { address, label } of sorted) builder.append(address, 0, label)
  return builder.build()
}

const anyV4 = fc
  .tuple(
    anyLabel,
    fc.array(
      fc.tuple(
        closeWord.map((word) => [word]),
        anyLabel,
      ),
      { maxLength: 120 },
    ),
  )
  .map(([first, rows]) => partitionOf(4, first, rows))

const closeAddressWords = fc.oneof(
  fc.tuple(closeWord, closeWord, closeWord, closeWord),
  fc.tuple(closeWord, closeWord, fc.constant(0), fc.constant(0)),
  fc.tuple(fc.constant(0x20010db8), fc.nat({ max: 7 }), fc.constant(0), fc.nat({ max: 300 })),
)
const anyV6 = fc
  .tuple(anyLabel, fc.array(fc.tuple(closeAddressWords, anyLabel), { maxLength: 120 }))
  .map(([first, rows]) => partitionOf(6, first, rows))

/** The first address of each range, and its neighbours. */
function* edgesOf({ version, count, starts }: Partition): Iterable<Uint32Array> {
  const words = version === 4 ? 1 : 4
  for (let i = 0; i < count; i++) {
    const start = starts.slice(i * words, (i + 1) * words)
    yield start
    yield neighbour(start, -1)
    yield neighbour(start, 1)
  }
}

function neighbour(address: Uint32Array, step: 1 | -1): Uint32Array {
  const moved = address.slice()
  for (let word = moved.length - 1; word >= 0; word--) {
    const before = moved[word] ?? 0
    moved[word] = before + step
    if (before !== (step === 1 ? 0xffffffff : 0)) break
  }
  return moved
}

function searched(partition: Partition, address: Uint32Array): number {
  return partition.labels[findWords(partition, address)] ?? -1
}

function islands(version: 4 | 6, count: number, spacing: number): Partition {
  const width = version === 4 ? 1 : 4
  const rows = Array.from({ length: count }, (_, i) => {
    const start = new Uint32Array(width).fill(0x0a000000)
    start[width - 1] = i * spacing
    return [
      [[...start], i + 1],
      [[...neighbour(start, 1)], 0],
    ] as const
  }).flat()
  return partitionOf(version, 0, rows)
}

interface Family {
  readonly version: 4 | 6
  readonly any: fc.Arbitrary<Partition>
  readonly build: (partition: Partition) => ClassTable
  readonly find: (table: ClassTable, address: Uint32Array) => number
  readonly isSound: (table: ClassTable, labelCount: number) => boolean
  readonly address: fc.Arbitrary<readonly number[]>
}

const families: readonly Family[] = [
  {
    version: 4,
    any: anyV4,
    build: buildClassTableV4,
    find: (table, address) => findInTableV4(table, address[0] ?? 0),
    isSound: isSoundTableV4,
    address: fc.tuple(closeWord),
  },
  {
    version: 6,
    any: anyV6,
    build: buildClassTableV6,
    find: findInTableV6,
    isSound: isSoundTableV6,
    address: closeAddressWords,
  },
]

describe.each(families)('the table of IPv$version', ({ version, any, build, find, isSound, address }) => {
  const expectEqual = (partition: Partition, addresses: Iterable<Uint32Array>): void => {
    const table = build(partition)
    for (const words of addresses) {
      const [found, wanted] = [find(table, words), searched(partition, words)]
      if (found !== wanted) throw new Error(`${words.join(' ')} has label ${found}, not ${wanted}`)
    }
    expect(isSound(table, Math.max(...partition.labels) + 1)).toBe(true)
    expect(isSound(table, Math.max(...partition.labels))).toBe(false)
  }

  test('says what a binary search says, at all edges and anywhere', () => {
    fc.assert(
      fc.property(any, fc.array(address, { maxLength: 30 }), (partition, addresses) => {
        expectEqual(partition, edgesOf(partition))
        expectEqual(
          partition,
          addresses.map((words) => Uint32Array.from(words)),
        )
      }),
    )
  })

  test('holds one label for the whole space', () => {
    expectEqual(wholeSpace(version, 5), [new Uint32Array(4), new Uint32Array(4).fill(0xffffffff)])
  })

  test.each([
    ['side by side', 2],
    ['apart', 256],
    ['far apart', 65_536],
  ])('holds thousands of single addresses, %s', (_, spacing) => {
    const partition = islands(version, 3000, spacing)
    expectEqual(partition, edgesOf(partition))
  })

  test('is made of few words where ranges crowd in one corner', () => {
    const partition = islands(version, 3000, 2)
    expect(build(partition).words.length).toBeLessThan(2 ** 18 + partition.count * 12)
  })

  test('is found out if its entries lead elsewhere', () => {
    fc.assert(
      fc.property(any, fc.nat(), fc.integer(), address, (partition, place, entry, words) => {
        const table = build(partition)
        const labelCount = Math.max(...partition.labels) + 1
        table.words[place % table.words.length] = entry
        if (!isSound(table, labelCount)) return
        const found = find(table, Uint32Array.from(words))
        expect(found).toBeGreaterThanOrEqual(0)
        expect(found).toBeLessThan(labelCount)
      }),
    )
  })
})

test('labels that leave no room for addresses are refused', () => {
  const partition = { ...wholeSpace(4, 0), labels: Uint32Array.of(2 ** 24) }
  expect(() => buildClassTableV4(partition)).toThrow(new RangeError('a table cannot hold labels of 25 bits'))
})
