import { valueOfWords } from '../../fci/prefix.ts'
import type { Partition } from '../partition.ts'
import { compareWords, wholeSpace, wordsPerAddress } from '../partition.ts'
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
  const outcomes = new Uint32Array(classCount * root.width)
  root.writeOutcomes(
    Uint32Array.from({ length: classCount }, (_, number) => number),
    outcomes,
    0,
    root.width,
  )
  return { v4, v6, classCount, outcomes }
}

function classifyAddresses(root: CoverageNode, space: FactSpace, version: 4 | 6): Partition {
  const words = wordsPerAddress(version)
  const cells = root.cells[version]
  const { starts, labels, count } = layCells(root, version === 4 ? space.v4 : space.v6, version)
  root.resolve(version, (example) => valueOfWords(version, starts, example * words))
  // Neighbours of one class become one range, in place.
  let kept = 0
  for (let range = 0; range < count; range++) {
    const classId = cells.classOf(labels[range] ?? 0)
    if (kept > 0 && labels[kept - 1] === classId) continue
    for (let word = 0; word < words; word++) starts[kept * words + word] = starts[range * words + word] ?? 0
    labels[kept++] = classId
  }
  return { version, count: kept, starts: starts.slice(0, kept * words), labels: labels.slice(0, kept) }
}

/** Lays the prefixes of all columns over the facts: ranges labelled with cells, in arrays with room to spare. */
function layCells({ factLabels, contexts, cells }: CoverageNode, facts: Partition, version: 4 | 6): Partition {
  const words = wordsPerAddress(version)
  const prefixes = contexts[version]
  const starts = new Uint32Array((facts.count + prefixes.count) * words)
  const labels = new Uint32Array(facts.count + prefixes.count)
  let count = 0
  let i = 0
  let j = 0
  let fact = factLabels[facts.labels[0] ?? 0] ?? 0
  let context = prefixes.labels[0] ?? 0
  labels[count++] = cells[version].intern(fact, context, 0)
  for (;;) {
    const moreA = i + 1 < facts.count
    const moreB = j + 1 < prefixes.count
    if (!moreA && !moreB) return { version, count, starts, labels }
    const order = !moreA
      ? 1
      : !moreB
        ? -1
        : compareWords(facts.starts, (i + 1) * words, prefixes.starts, (j + 1) * words, words)
    if (order <= 0) i++
    if (order >= 0) j++
    const nextFact = factLabels[facts.labels[i] ?? 0] ?? 0
    const nextContext = prefixes.labels[j] ?? 0
    if (nextFact === fact && nextContext === context) continue
    fact = nextFact
    context = nextContext
    const from = order <= 0 ? facts.starts : prefixes.starts
    const at = (order <= 0 ? i : j) * words
    for (let word = 0; word < words; word++) starts[count * words + word] = from[at + word] ?? 0
    labels[count] = cells[version].intern(fact, context, count)
    count++
  }
}
