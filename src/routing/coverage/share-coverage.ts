import { sharePartition } from '../partition.ts'
import { shareIntegers, shareWords } from '../shared-arrays.ts'
import type { ClassTable } from './class-table.ts'
import type { CoverageParts } from './create-coverage-map.ts'

/** The same parts in memory that threads share. */
export function shareCoverage(parts: CoverageParts): CoverageParts {
  const { joined, tables, columns } = parts
  const shareTable = (table: ClassTable): ClassTable => ({ ...table, words: shareIntegers(table.words) })
  return {
    ...parts,
    joined: {
      ...joined,
      v4: sharePartition(joined.v4),
      v6: sharePartition(joined.v6),
      outcomes: shareWords(joined.outcomes),
    },
    tables: { v4: shareTable(tables.v4), v6: shareTable(tables.v6) },
    columns: columns.map(({ outcomes, ...column }) => ({
      ...column,
      outcomes: {
        ...outcomes,
        offsets: shareWords(outcomes.offsets),
        footprints: shareWords(outcomes.footprints),
        hows: shareWords(outcomes.hows),
      },
    })),
  }
}
