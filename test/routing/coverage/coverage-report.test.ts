import { describe, expect, it } from 'vitest'
import type { ClassVerdict } from '../../../src/routing/coverage/coverage-report.ts'
import { reportCoverage } from '../../../src/routing/coverage/coverage-report.ts'
import type { CoverageCell } from '../../../src/routing/coverage/tally-coverage.ts'

const VERDICTS: readonly ClassVerdict[] = [
  { serving: [], able: [] },
  { serving: [{ provider: 'a', share: 1 }], able: ['a'] },
  {
    serving: [
      { provider: 'a', share: 0.25 },
      { provider: 'b', share: 0.75 },
    ],
    able: ['a', 'b'],
  },
]
const verdictOf = (classId: number): ClassVerdict => VERDICTS[classId] ?? { serving: [], able: [] }
const cell = (key: string, classId: number, v4Addresses: number, v6Prefixes48 = 0): CoverageCell => ({
  key,
  classId,
  v4Addresses,
  v6Prefixes48,
  sample: { version: 4, value: 0n },
})

describe('a coverage report', () => {
  it('tells for each key who serves, who could, and where one is alone or nobody is', () => {
    expect(reportCoverage([cell('de', 1, 50), cell('de', 2, 100), cell('de', 0, 50)], verdictOf)).toEqual([
      {
        key: 'de',
        size: { v4Addresses: 200, v6Prefixes48: 0 },
        serving: [
          { provider: 'a', share: 0.375 },
          { provider: 'b', share: 0.375 },
        ],
        able: [
          { provider: 'a', share: 0.75 },
          { provider: 'b', share: 0.5 },
        ],
        aloneShare: 0.25,
        overlapShare: 0.5,
        gapShare: 0.25,
      },
    ])
  })

  it('counts both families alike, although one has far more addresses', () => {
    expect(reportCoverage([cell('de', 1, 256), cell('de', 0, 0, 1_000_000)], verdictOf)).toMatchObject([
      { serving: [{ provider: 'a', share: 0.5 }], gapShare: 0.5 },
    ])
  })

  it('lists the largest first, and what nothing is known of last', () => {
    const rows = reportCoverage([cell('-', 1, 1e6), cell('fr', 1, 10), cell('de', 1, 5, 20)], verdictOf)
    expect(rows.map(({ key }) => key)).toEqual(['de', 'fr', '-'])
  })

  it('has no line for what is not there', () => {
    expect(reportCoverage([], verdictOf)).toEqual([])
  })
})
