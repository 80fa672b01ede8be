import { valueOfWords } from '../../fci/prefix.ts'
import type { Partition } from '../partition.ts'
import { compareWords, wholeSpace, wordsPerAddress } from '../partition.ts'
import { sharedWords, shareWords } from '../shared-arrays.ts'
import type { CoverageNode } from './coverage-node.ts'
import type { FactSpace } from './fact-space.ts'

/** Columns side by side: for every address the number of its decision class. */
export interface JoinedColumns {
  readonly v4: Partition
  readonly v6: Partition
  readonly classCount: number
  /** Per class the number of the outcome in each column, in the order of the columns. */
  readonly outcomes: Uint32Array
}

/**
 * Addresses with the same outcome in every column of the node are one class; without a node, all addresses. Throws
 * CoverageLimitError.
 */
export function joinColumns(root: CoverageNode | undefined, space: FactSpace): JoinedColumns {
  if (root === undefined) {
    return { v4: wholeSpace(4, 0), v6: wholeSpace(6, 0), classCount: 1, outcomes: new Uint32Array(0) }
  }
  const v4 = classifyAddresses(root, space, 4)
  const v6 = classifyAddresses(root, space, 6)
  const classCount = root.classCount()
  const outcomes = sharedWords(classCount * root.width)
  const all = new Uint32Array(classCount)
  for (let number = 0; number < classCount; number++) all[number] = number
  root.writeOutcomes(all, outcomes, 0, root.width)
  return { v4, v6, classCount, outcomes }
}

function classifyAddresses(root: CoverageNode, space: FactSpace, version: 4 | 6): Partition {
  const words = wordsPerAddress(version)
  const { starts, labels, count } = layCells(root, version === 4 ? space.v4 : space.v6, version)
  root.resolve(version, (example) => valueOfWords(version, starts, example * words))
  const { classes } = root.cells[version]
  // Neighbours of one class become one range, in place.
  let kept = 0
  let last = -1
  for (let range = 0; range < count; range++) {
    const classId = classes[labels[range] ?? 0] ?? 0
    if (classId === last) continue
    last = classId
    labels[kept] = classId
    const to = kept * words
    const from = range * words
    for (let word = 0; word < words; word++) starts[to + word] = starts[from + word] ?? 0
    kept++
  }
  return {
    version,
    count: kept,
    starts: shareWords(starts.subarray(0, kept * words)),
    labels: shareWords(labels.subarray(0, kept)),
  }
}

/** Lent to one walk at a time: megabytes allocated for each would make the collector run beside every compilation. */
const scratch = { starts: new Uint32Array(0), labels: new Uint32Array(0) }

/** Stands behind all addresses. */
const END = 2 ** 32

/** Lays the prefixes of all columns over the facts: ranges labelled with cells, in arrays lent until the next call. */
function layCells({ factLabels, contexts, cells }: CoverageNode, facts: Partition, version: 4 | 6): Partition {
  const words = wordsPerAddress(version)
  const own = cells[version]
  const prefixes = contexts[version]
  const room = facts.count + prefixes.count
  if (scratch.starts.length < room * words) scratch.starts = new Uint32Array(room * words)
  if (scratch.labels.length < room) scratch.labels = new Uint32Array(room)
  const { starts, labels } = scratch
  const factStarts = facts.starts
  const factNumbers = facts.labels
  const prefixStarts = prefixes.starts
  const prefixLabels = prefixes.labels
  const factsEnd = facts.count * words
  const prefixesEnd = prefixes.count * words
  // Most addresses are in no prefix: their cells are found without the hash table.
  const usual = prefixLabels[0] ?? 0
  const usualCells = new Int32Array(factLabels.length).fill(-1)
  let count = 0
  let i = 0
  let j = 0
  let fact = factLabels[factNumbers[0] ?? 0] ?? 0
  let context = usual
  starts.fill(0, 0, words)
  labels[count++] = own.intern(fact, context, 0)
  let nextFact = words < factsEnd ? (factStarts[words] ?? 0) : END
  let nextPrefix = words < prefixesEnd ? (prefixStarts[words] ?? 0) : END
  while (nextFact !== END || nextPrefix !== END) {
    let order = nextFact - nextPrefix
    if (order === 0 && words > 1) order = compareWords(factStarts, i + words, prefixStarts, j + words, words)
    if (order <= 0) {
      i += words
      nextFact = i + words < factsEnd ? (factStarts[i + words] ?? 0) : END
    }
    if (order >= 0) {
      j += words
      nextPrefix = j + words < prefixesEnd ? (prefixStarts[j + words] ?? 0) : END
    }
    const atFact = factLabels[factNumbers[words === 1 ? i : i >>> 2] ?? 0] ?? 0
    const atContext = prefixLabels[words === 1 ? j : j >>> 2] ?? 0
    if (atFact === fact && atContext === context) continue
    fact = atFact
    context = atContext
    let cell = context === usual ? (usualCells[fact] ?? -1) : -1
    if (cell < 0) {
      cell = own.intern(fact, context, count)
      if (context === usual) usualCells[fact] = cell
    }
    labels[count] = cell
    const from = order <= 0 ? factStarts : prefixStarts
    const at = order <= 0 ? i : j
    const to = count * words
    for (let word = 0; word < words; word++) starts[to + word] = from[at + word] ?? 0
    count++
  }
  return { version, count, starts, labels }
}
