import { createHash } from 'node:crypto'
import type { Address, Prefix } from '../../fci/prefix.ts'
import { addressBits, parseAddress, prefixOf, valueOfWords } from '../../fci/prefix.ts'
import { reduceToIpv4 } from '../client.ts'
import type { Partition } from '../partition.ts'
import { findRange, wordsPerAddress } from '../partition.ts'
import type { CoverageMap, CoverageOutcome, CoverageRange } from './coverage-map.ts'
import type { JoinedColumns } from './join-columns.ts'

/** What a map is put together from. */
export interface CoverageParts {
  readonly columns: readonly ColumnOutcomes[]
  readonly joined: JoinedColumns
  readonly geoVersion: string
}

export interface ColumnOutcomes {
  readonly id: string
  readonly version: string
  readonly outcomes: readonly CoverageOutcome[]
}

export function createCoverageMap({ columns, joined, geoVersion }: CoverageParts): CoverageMap {
  const { classCount } = joined
  const positions = new Map(columns.map(({ id }, position) => [id, position]))
  const partitionOf = (version: 4 | 6): Partition => (version === 4 ? joined.v4 : joined.v6)
  const classOf = (address: Address): number => {
    const partition = partitionOf(address.version)
    return partition.labels[findRange(partition, address)] ?? 0
  }
  return {
    version: versionOf(columns, geoVersion),
    columns: columns.map(({ id, version }) => ({ id, version })),
    classCount,
    rangeCount: joined.v4.count + joined.v6.count,
    classOf,
    classOfText: (text) => {
      const address = parseAddress(text)
      return address === undefined ? -1 : classOf(reduceToIpv4(address))
    },
    outcome: (classId, columnId) => {
      const position = positions.get(columnId)
      if (position === undefined || !(classId >= 0 && classId < classCount)) return undefined
      return columns[position]?.outcomes[joined.outcomes[classId * columns.length + position] ?? 0]
    },
    widestPrefix: (address) => widestPrefix(partitionOf(address.version), address),
    ranges: (version) => rangesOf(partitionOf(version)),
  }
}

function versionOf(columns: readonly ColumnOutcomes[], geoVersion: string): string {
  const parts = [geoVersion, ...columns.map(({ id, version }) => [id, version])]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/** The widest prefix around the address that lies in one range. */
function widestPrefix(partition: Partition, address: Address): Prefix {
  const at = findRange(partition, address)
  const first = startOf(partition, at)
  const last = lastOf(partition, at)
  const bits = addressBits(address.version)
  for (let length = 0; length < bits; length++) {
    const prefix = prefixOf(address, length)
    const end = prefix.value + (1n << BigInt(bits - length)) - 1n
    if (prefix.value >= first && end <= last) return prefix
  }
  return { ...address, length: bits }
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
