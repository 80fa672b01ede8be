import type { Partition } from '../partition.ts'
import { compareWords, wordsPerAddress } from '../partition.ts'
import type { ClassTable } from './class-table.ts'

const LEAF = 0x80000000

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

/** Why a table could lead astray: nodes may only be followed within the table, and leaves must be classes. */
export function tableFault({ words, rootBits }: ClassTable, labelCount: number): string | undefined {
  if (words.length < 2 ** rootBits) return 'its table is too short'
  for (const entry of words) {
    if (entry >= LEAF ? entry - LEAF >= labelCount : entry + 1 >= words.length) {
      return 'its table leads to a class that does not exist'
    }
  }
  return undefined
}
