import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CoverageCompiler } from '../../../src/routing/coverage/compile-coverage.ts'
import type { CoverageSnapshot } from '../../../src/routing/coverage/coverage-file.ts'
import {
  CoverageFileError,
  encodeCoverage,
  openSealedCoverage,
  sealCoverage,
} from '../../../src/routing/coverage/coverage-file.ts'
import { createCoverageMap } from '../../../src/routing/coverage/create-coverage-map.ts'
import { lookUpFacts } from '../../../src/routing/geo-table.ts'
import { anyColumns, anyCoverageGeo } from '../../support/coverage-world.ts'
import { closeAddress } from '../../support/fci-arbitraries.ts'

const anySnapshot = fc.tuple(anyColumns, anyCoverageGeo).map(
  ([columns, geo]): CoverageSnapshot => ({
    parts: new CoverageCompiler().compile({ columns, geo, geoVersion: 'v1' }),
    geo: geo.general,
    geoName: 'a+b',
    editions: [{ name: 'a', version: '1', builtAt: 1, entries: 2, warnings: ['line 3: "ä"'] }],
    compiledAt: 1_700_000_000_000,
    compileSeconds: 0.5,
  }),
)

function sealed(snapshot: CoverageSnapshot): Uint8Array<ArrayBuffer> {
  const bytes = written(snapshot)
  sealCoverage(bytes)
  return bytes
}

function written(snapshot: CoverageSnapshot): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(encodeCoverage(snapshot)))
}

const sample = (): Uint8Array<ArrayBuffer> => {
  const [snapshot] = fc.sample(anySnapshot, { numRuns: 1, seed: 7 })
  if (snapshot === undefined) throw new Error('no sample')
  return sealed(snapshot)
}

describe('a kept map', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(anySnapshot, fc.array(closeAddress, { maxLength: 10 }), (snapshot, addresses) => {
        const back = openSealedCoverage(sealed(snapshot))
        expect(Buffer.compare(written(back), written(snapshot))).toBe(0)
        const [map, before] = [createCoverageMap(back.parts), createCoverageMap(snapshot.parts)]
        expect(map.version).toBe(before.version)
        for (const at of addresses) {
          expect(map.classOf(at)).toBe(before.classOf(at))
          expect(lookUpFacts(back.geo, at)).toEqual(lookUpFacts(snapshot.geo, at))
          for (const { id } of map.columns) {
            expect(map.outcome(map.classOf(at), id)).toEqual(before.outcome(before.classOf(at), id))
          }
        }
      }),
      { numRuns: 50 },
    )
  })

  test('with any byte changed is refused', () => {
    const whole = sample()
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = whole.slice()
        bytes[at] = (bytes[at] ?? 0) ^ change
        expect(() => openSealedCoverage(bytes)).toThrow(CoverageFileError)
      }),
    )
  })

  test('cut off anywhere is refused', () => {
    const whole = sample()
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), (length) => {
        expect(() => openSealedCoverage(whole.slice(0, length))).toThrow(CoverageFileError)
      }),
    )
  })

  test('of another format is refused with both formats', () => {
    const bytes = sample()
    const text = Buffer.from(bytes.buffer)
    const at = text.indexOf('"format":2')
    text.write('"format":7', at)
    sealCoverage(bytes)
    expect(() => openSealedCoverage(bytes)).toThrow('it has format 7, and this program reads format 2')
  })

  test('with a right checksum over numbers that lead nowhere is refused or leads somewhere', () => {
    const whole = sample()
    fc.assert(
      fc.property(
        fc.nat({ max: whole.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        closeAddress,
        (at, change, address) => {
          const bytes = whole.slice()
          bytes[at] = (bytes[at] ?? 0) ^ change
          sealCoverage(bytes)
          try {
            const map = createCoverageMap(openSealedCoverage(bytes).parts)
            expect(map.classOf(address)).toBeLessThan(map.classCount)
          } catch (error) {
            expect(error).toBeInstanceOf(CoverageFileError)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
