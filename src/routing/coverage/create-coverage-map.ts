import { createHash } from 'node:crypto'
import type { Address, Prefix } from '../../fci/prefix.ts'
import { addressBits, prefixOf, valueOfWords, wordsOfValue } from '../../fci/prefix.ts'
import type { Partition } from '../partition.ts'
import { findWords, wordsPerAddress } from '../partition.ts'
import { commonBits, scanClient } from './address-words.ts'
import type { ClassTable } from './class-table.ts'
import { buildClassTableV4, findInTableV4 } from './class-table-v4.ts'
import { buildClassTableV6, findInTableV6 } from './class-table-v6.ts'
import type { CoverageMap, CoverageRange, FamilySize } from './coverage-map.ts'
import type { JoinedColumns } from './join-columns.ts'
import type { OutcomeColumns } from './outcome-columns.ts'
import { outcomeReader } from './outcome-columns.ts'

/** What a map is put together from: numbers and few texts, fit for a file and for crossing threads. */
export interface CoverageParts {
  readonly columns: readonly ColumnOutcomes[]
  readonly joined: JoinedColumns
  readonly tables: CoverageTables
  readonly geoVersion: string
  /** Columns that are not in the map, and why; their footprints are to be matched one by one. */
  readonly skipped: readonly { readonly id: string; readonly why: string }[]
}

export interface ColumnOutcomes {
  readonly id: string
  readonly version: string
  readonly outcomes: OutcomeColumns
}

export interface CoverageTables {
  readonly v4: ClassTable
  readonly v6: ClassTable
}

export function buildCoverageTables({ v4, v6 }: JoinedColumns): CoverageTables {
  return { v4: buildClassTableV4(v4), v6: buildClassTableV6(v6) }
}

export function createCoverageMap({ columns, joined, tables, geoVersion }: CoverageParts): CoverageMap {
  const { classCount } = joined
  const width = columns.length
  const positions = new Map(columns.map(({ id }, position) => [id, position]))
  const readers = columns.map(({ outcomes }) => outcomeReader(outcomes))
  const words = new Uint32Array(4)
  const partitionOf = (version: 4 | 6): Partition => (version === 4 ? joined.v4 : joined.v6)
  return {
    version: coverageVersion(columns, geoVersion),
    columns: columns.map(({ id, version }) => ({ id, version })),
    classCount,
    rangeCount: joined.v4.count + joined.v6.count,
    byteCount: countBytes(joined, tables),
    family: (version) => sizeOf(partitionOf(version), tables[version === 4 ? 'v4' : 'v6'], classCount),
    classOf: (address) => {
      if (address.version === 4) return findInTableV4(tables.v4, Number(address.value))
      wordsOfValue(address, words, 0)
      return findInTableV6(tables.v6, words)
    },
    classOfText: (text) => {
      const version = scanClient(text, words)
      if (version === 4) return findInTableV4(tables.v4, words[0] ?? 0)
      return version === 6 ? findInTableV6(tables.v6, words) : -1
    },
    outcome: (classId, columnId) => {
      const position = positions.get(columnId)
      if (position === undefined || !(classId >= 0 && classId < classCount)) return undefined
      return readers[position]?.(joined.outcomes[classId * width + position] ?? 0)
    },
    widestPrefix: (address) => widestPrefix(partitionOf(address.version), address),
    ranges: (version) => rangesOf(partitionOf(version)),
  }
}

/** The version of a map of these columns. */
export function coverageVersion(
  columns: readonly { readonly id: string; readonly version: string }[],
  geoVersion: string,
): string {
  const parts = [geoVersion, ...columns.map(({ id, version }) => [id, version])]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

function countBytes({ v4, v6, outcomes }: JoinedColumns, tables: CoverageTables): number {
  const arrays = [v4.starts, v4.labels, v6.starts, v6.labels, outcomes, tables.v4.words, tables.v6.words]
  return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0)
}

function sizeOf({ count, starts, labels }: Partition, { words }: ClassTable, classCount: number): FamilySize {
  const seen = new Uint8Array(classCount)
  let classes = 0
  for (let i = 0; i < count; i++) {
    const classId = labels[i] ?? 0
    if (seen[classId] === 0) classes++
    seen[classId] = 1
  }
  return { ranges: count, classes, bytes: starts.byteLength + labels.byteLength + words.byteLength }
}

/** As wide as it can be without the last address before the range and the first one behind it. */
function widestPrefix(partition: Partition, address: Address): Prefix {
  const { version, starts, count } = partition
  const words = wordsPerAddress(version)
  const wanted = new Uint32Array(words)
  wordsOfValue(address, wanted, 0)
  const range = findWords(partition, wanted)
  let length = 0
  if (range > 0) {
    const before = starts.slice(range * words, (range + 1) * words)
    decrementWords(before)
    length = commonBits(wanted, 0, before, 0, words) + 1
  }
  if (range + 1 < count) length = Math.max(length, commonBits(wanted, 0, starts, (range + 1) * words, words) + 1)
  return prefixOf(address, length)
}

function decrementWords(value: Uint32Array): void {
  for (let word = value.length - 1; word >= 0; word--) {
    const former = value[word] ?? 0
    value[word] = former - 1
    if (former !== 0) return
  }
}

function* rangesOf(partition: Partition): Iterable<CoverageRange> {
  for (let i = 0; i < partition.count; i++) {
    yield { first: startOf(partition, i), last: lastOf(partition, i), classId: partition.labels[i] ?? 0 }
  }
}

function startOf({ version, starts }: Partition, at: number): bigint {
  return valueOfWords(version, starts, at * wordsPerAddress(version))
}

function lastOf(partition: Partition, at: number): bigint {
  const { version, count } = partition
  return (at + 1 < count ? startOf(partition, at + 1) : 1n << BigInt(addressBits(version))) - 1n
}
