import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CoverageRange } from '../../../src/routing/coverage/coverage-map.ts'
import type { ClassVerdict, KeyedRange } from '../../../src/routing/coverage/coverage-report.ts'
import { startTally } from '../../../src/routing/coverage/coverage-report.ts'

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

function tally(
  families: readonly (readonly [version: 4 | 6, classes: readonly CoverageRange[], keys: readonly KeyedRange[]])[],
) {
  const one = startTally()
  for (const [version, classes, keys] of families) for (const _ of one.add(version, classes, keys)) continue
  return one.rows(verdictOf)
}

const classRange = (first: bigint, last: bigint, classId: number): CoverageRange => ({ first, last, classId })
const keyed = (first: bigint, last: bigint, key: string | undefined): KeyedRange => ({ first, last, key })

describe('a coverage report', () => {
  it('tells for each key who serves, who could, and where one is alone or nobody is', () => {
    const rows = tally([
      [4, [classRange(0n, 99n, 1), classRange(100n, 199n, 2), classRange(200n, 399n, 0)], [keyed(50n, 249n, 'de')]],
    ])
    expect(rows).toEqual([
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
      {
        key: '-',
        size: { v4Addresses: 200, v6Prefixes48: 0 },
        serving: [{ provider: 'a', share: 0.25 }],
        able: [{ provider: 'a', share: 0.25 }],
        aloneShare: 0.25,
        overlapShare: 0,
        gapShare: 0.75,
      },
    ])
  })

  it('counts both families alike, although one has far more addresses', () => {
    const rows = tally([
      [4, [classRange(0n, 255n, 1)], [keyed(0n, 255n, 'de')]],
      [6, [classRange(0n, 2n ** 80n - 1n, 0)], [keyed(0n, 2n ** 80n - 1n, 'de')]],
    ])
    expect(rows).toMatchObject([
      {
        key: 'de',
        size: { v4Addresses: 256, v6Prefixes48: 1 },
        serving: [{ provider: 'a', share: 0.5 }],
        gapShare: 0.5,
      },
    ])
  })

  it('places a range without a key where nothing is known', () => {
    expect(tally([[4, [classRange(0n, 9n, 1)], [keyed(0n, 9n, undefined)]]]).map(({ key }) => key)).toEqual(['-'])
  })

  it('agrees with looking at every address by itself', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 63 }), { maxLength: 12 })
    const partition = (at: readonly number[]): readonly (readonly [number, number])[] => {
      const starts = [0, ...[...at].sort((a, b) => a - b)]
      return starts.map((start, i) => [start, (starts[i + 1] ?? 64) - 1] as const)
    }
    const keys = fc.array(fc.constantFrom('de', 'fr', undefined, 'hole'), { minLength: 13, maxLength: 13 })
    const classIds = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 13, maxLength: 13 })
    fc.assert(
      fc.property(cuts, cuts, keys, classIds, (classCuts, keyCuts, keyList, classList) => {
        const classes = partition(classCuts).map(([a, b], i) => classRange(BigInt(a), BigInt(b), classList[i] ?? 0))
        const keyRanges = partition(keyCuts)
          .map(([a, b], i) => keyed(BigInt(a), BigInt(b), keyList[i]))
          .filter(({ key }) => key !== 'hole')
        const alone = new Map<string, { all: number; alone: number }>()
        for (let address = 0n; address < 64n; address++) {
          const holds = (range: { first: bigint; last: bigint }) => range.first <= address && address <= range.last
          const key = keyRanges.find(holds)?.key ?? '-'
          const cell = alone.get(key) ?? { all: 0, alone: 0 }
          cell.all += 1
          if (classes.find(holds)?.classId === 1) cell.alone += 1
          alone.set(key, cell)
        }
        const rows = tally([[4, classes, keyRanges]])
        expect(new Map(rows.map((row) => [row.key, row.size.v4Addresses]))).toEqual(
          new Map([...alone].map(([key, { all }]) => [key, all])),
        )
        for (const row of rows) {
          const cell = alone.get(row.key)
          expect(row.aloneShare).toBeCloseTo((cell?.alone ?? 0) / (cell?.all ?? 1), 5)
          expect(row.aloneShare + row.overlapShare + row.gapShare).toBeCloseTo(1, 5)
        }
      }),
    )
  })

  it('gives others a turn while it counts many ranges', () => {
    const classes = Array.from({ length: 10_000 }, (_, i) => classRange(BigInt(i), BigInt(i), i % 3))
    expect([...startTally().add(4, classes, [])].length).toBeGreaterThanOrEqual(4)
  })
})
