import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchFootprint } from '../../../src/fci/match-footprint.ts'
import { formatAddress, lastValue, parseAddress } from '../../../src/fci/prefix.ts'
import { reduceToIpv4 } from '../../../src/routing/client.ts'
import { CoverageCompiler, compileCoverage } from '../../../src/routing/coverage/compile-coverage.ts'
import { matchAt } from '../../../src/routing/coverage/coverage-match.ts'
import { createCoverageMap } from '../../../src/routing/coverage/create-coverage-map.ts'
import { anyColumns, anyCoverageGeo, clientAt } from '../../support/coverage-world.ts'
import { anyAddress, closeAddress } from '../../support/fci-arbitraries.ts'

const address = fc.oneof({ weight: 5, arbitrary: closeAddress }, { weight: 1, arbitrary: anyAddress })

/** Addresses in every spelling, the IPv6 forms that carry an IPv4 client, and texts that are nearly addresses. */
const clientText = fc.oneof(
  address.map(formatAddress),
  closeAddress.map(({ value }) => formatAddress({ version: 6, value: (0xffffn << 32n) | (value & 0xffffffffn) })),
  closeAddress.map(({ value }) => `64:ff9b::${(value >> 16n) & 0xffffn}:${(value & 0xffffn).toString(16)}`),
  closeAddress.map(
    ({ value }) => `2002:${((value >> 16n) & 0xffffn).toString(16)}:${(value & 0xffffn).toString(16)}::1`,
  ),
  closeAddress.map(({ value }) => formatAddress({ version: 6, value: (0x20010000n << 96n) | (~value & 0xffffffffn) })),
  fc
    .tuple(address.map(formatAddress), fc.nat({ max: 40 }), fc.string({ maxLength: 3 }))
    .map(([text, at, insertion]) => text.slice(0, at) + insertion + text.slice(at)),
  fc.string(),
)

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

  test('counts the ranges and classes of each family, and no more memory than all of it has', () => {
    fc.assert(
      fc.property(anyColumns, anyCoverageGeo, (columns, geo) => {
        const map = compileCoverage({ columns, geo, geoVersion: '1' })
        const [v4, v6] = [map.family(4), map.family(6)]
        for (const [version, size] of [[4, v4] as const, [6, v6] as const]) {
          const ranges = [...map.ranges(version)]
          expect(size).toMatchObject({
            ranges: ranges.length,
            classes: new Set(ranges.map(({ classId }) => classId)).size,
          })
        }
        expect(v4.ranges + v6.ranges).toBe(map.rangeCount)
        expect(v4.bytes + v6.bytes).toBeLessThanOrEqual(map.byteCount)
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

  test('finds for a text what it finds for the address that the text is', () => {
    fc.assert(
      fc.property(
        anyColumns,
        anyCoverageGeo,
        fc.array(clientText, { minLength: 1, maxLength: 30 }),
        (columns, geo, texts) => {
          const map = compileCoverage({ columns, geo, geoVersion: '1' })
          for (const text of texts) {
            const written = parseAddress(text)
            expect(map.classOfText(text)).toBe(written === undefined ? -1 : map.classOf(reduceToIpv4(written)))
          }
        },
      ),
    )
  })

  test('changed in one column is what it would be compiled anew', () => {
    fc.assert(
      fc.property(
        anyColumns,
        anyColumns,
        anyCoverageGeo,
        fc.array(address, { maxLength: 10 }),
        (before, after, geo, addresses) => {
          const compiler = new CoverageCompiler()
          compiler.compile({ columns: before, geo, geoVersion: '1' })
          const columns = before.map((column, i) => {
            const footprints = after[i]?.footprints
            return i % 2 === 0 && footprints !== undefined ? { ...column, version: '2', footprints } : column
          })
          const changed = createCoverageMap(compiler.compile({ columns, geo, geoVersion: '1' }))
          const anew = compileCoverage({ columns, geo, geoVersion: '1' })
          expect(changed.version).toBe(anew.version)
          expect([...changed.ranges(4), ...changed.ranges(6)]).toEqual([...anew.ranges(4), ...anew.ranges(6)])
          for (const at of addresses) {
            for (const { id } of columns) {
              expect(changed.outcome(changed.classOf(at), id)).toEqual(anew.outcome(anew.classOf(at), id))
            }
          }
        },
      ),
    )
  })
})
