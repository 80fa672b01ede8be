import type { Partition } from '../partition.ts'
import { compareWords, wordsPerAddress } from '../partition.ts'
import { isSoundTableV4 } from './class-table-v4.ts'
import { isSoundTableV6 } from './class-table-v6.ts'
import type { CoverageTables } from './create-coverage-map.ts'

/** Why a partition with labels below `labelCount` cannot be one, in words. */
export function partitionFault({ version, count, starts, labels }: Partition, labelCount: number): string | undefined {
  const words = wordsPerAddress(version)
  if (count === 0 || starts.length !== count * words) return 'its ranges are of two lengths'
  for (let word = 0; word < words; word++) if (starts[word] !== 0) return 'its first range does not begin at zero'
  for (let i = 1; i < count; i++) {
    if (compareWords(starts, (i - 1) * words, starts, i * words, words) >= 0) return 'its ranges are out of order'
  }
  return labels.every((label) => label < labelCount) ? undefined : 'a range has a class that does not exist'
}

/** Why tables could lead astray: entries may only be followed within a table, and labels must be classes. */
export function tablesFault({ v4, v6 }: CoverageTables, labelCount: number): string | undefined {
  if (isSoundTableV4(v4, labelCount) && isSoundTableV6(v6, labelCount)) return undefined
  return 'a table leads to a class that does not exist'
}
