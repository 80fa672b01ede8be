import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchFootprint } from '../../../src/fci/match-footprint.ts'
import { lastValue } from '../../../src/fci/prefix.ts'
import { compileCoverage } from '../../../src/routing/coverage/compile-coverage.ts'
import { matchAt } from '../../../src/routing/coverage/coverage-match.ts'
import { anyColumns, anyCoverageGeo, clientAt } from '../../support/coverage-world.ts'
import { anyAddress, closeAddress } from '../../support/fci-arbitraries.ts'

const address = fc.oneof({ weight: 5, arbitrary: closeAddress }, { weight: 1, arbitrary: anyAddress })

describe('a compiled map', () => {
  test('says of every client what matchFootprint says of every footprint', () => {
    fc.assert(
      fc.property(
        anyColumns,
        anyCoverageGeo,
        fc.array(address, { minLength: 1, maxLength: 20 }),
        (columns, geo, addresses) => {
          const map = compileCoverage({ columns, geo, geoVersion: '1' })
          for (const at of addresses) {
            const client = clientAt(at, geo)
            const classId = map.classOf(at)
            for (const { id, footprints } of columns) {
              const found = new Map(
                map.outcome(classId, id)?.matches.map((match) => [match.footprint, matchAt(match, client)]),
              )
              const expected = footprints.map((footprint) => matchFootprint(footprint, client))
              expect(footprints.map((_, i) => found.get(i))).toEqual(expected)
            }
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  test('cuts the address space into ranges without gaps, whose neighbours differ', () => {
    fc.assert(
      fc.property(anyColumns, anyCoverageGeo, (columns, geo) => {
        const map = compileCoverage({ columns, geo, geoVersion: '1' })
        for (const version of [4, 6] as const) {
          const ranges = [...map.ranges(version)]
          let next = 0n
          for (const [i, range] of ranges.entries()) {
            expect(range.first).toBe(next)
            expect(range.classId).not.toBe(ranges[i - 1]?.classId)
            expect(map.classOf({ version, value: range.first })).toBe(range.classId)
            expect(map.classOf({ version, value: range.last })).toBe(range.classId)
            next = range.last + 1n
          }
          expect(next).toBe(1n << (version === 4 ? 32n : 128n))
        }
      }),
    )
  })

  test('names the widest prefix of one class: it lies in one range, and twice as wide it would not', () => {
    fc.assert(
      fc.property(anyColumns, anyCoverageGeo, address, (columns, geo, at) => {
        const map = compileCoverage({ columns, geo, geoVersion: '1' })
        const range = [...map.ranges(at.version)].find(({ first, last }) => first <= at.value && at.value <= last)
        const liesInside = (value: bigint, last: bigint): boolean =>
          range !== undefined && range.first <= value && last <= range.last
        const widest = map.widestPrefix(at)
        expect(widest.value <= at.value && at.value <= lastValue(widest)).toBe(true)
        expect(liesInside(widest.value, lastValue(widest))).toBe(true)
        if (widest.length > 0) {
          const bit = 1n << BigInt((at.version === 4 ? 32 : 128) - widest.length)
          expect(liesInside(widest.value & ~bit, lastValue(widest) | bit)).toBe(false)
        }
      }),
    )
  })
})
