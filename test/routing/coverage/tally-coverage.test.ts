import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tallyCoverage } from '../../../src/routing/coverage/tally-coverage.ts'
import { FactInterner } from '../../../src/routing/fact-table.ts'
import { EMPTY_GEO_TABLE, type GeoTable } from '../../../src/routing/geo-table.ts'
import { type Partition, PartitionBuilder, wholeSpace } from '../../../src/routing/partition.ts'

type Cut = readonly [start: number, label: number]

/** IPv4 by address, IPv6 by /48; the space before the first cut has label 0. */
function partition(version: 4 | 6, cuts: readonly Cut[]): Partition {
  const builder = new PartitionBuilder(version, cuts.length + 1)
  const words = (place: number): Uint32Array =>
    version === 4 ? Uint32Array.of(place) : Uint32Array.of(Math.floor(place / 65536), (place % 65536) * 65536, 0, 0)
  builder.append(words(0), 0, 0)
  for (const [start, label] of [...cuts].sort((a, b) => a[0] - b[0])) builder.append(words(start), 0, label)
  return builder.build()
}

function geoTable(v4: readonly Cut[], v6: readonly Cut[] = []): GeoTable {
  const interner = new FactInterner()
  interner.intern({ country: 'de', asn: 64500, source: 'test' })
  interner.intern({ subdivision: 'fr-idf', source: 'test' })
  interner.intern({ country: 'de', asn: 64501, source: 'test' })
  return { v4: partition(4, v4), v6: partition(6, v6), facts: interner.build() }
}

const EVERYBODY = { v4: wholeSpace(4, 0), v6: wholeSpace(6, 0) }

describe('the tally of address space', () => {
  it('groups by country, of which a subdivision tells', () => {
    const geo = geoTable([
      [256, 1],
      [512, 2],
      [768, 3],
      [1024, 0],
    ])
    const { cells } = tallyCoverage({ v4: partition(4, [[600, 7]]), v6: wholeSpace(6, 0) }, geo, 'country')
    const sample = (value: bigint) => ({ version: 4, value })
    expect(cells.filter(({ key }) => key !== '-')).toEqual([
      { key: 'de', classId: 0, v4Addresses: 256, v6Prefixes48: 0, sample: sample(256n) },
      { key: 'fr', classId: 0, v4Addresses: 88, v6Prefixes48: 0, sample: sample(512n) },
      { key: 'fr', classId: 7, v4Addresses: 168, v6Prefixes48: 0, sample: sample(600n) },
      { key: 'de', classId: 7, v4Addresses: 256, v6Prefixes48: 0, sample: sample(768n) },
    ])
  })

  it('groups by AS number', () => {
    const geo = geoTable([
      [256, 1],
      [512, 2],
      [768, 3],
      [1024, 0],
    ])
    const cells = tallyCoverage(EVERYBODY, geo, 'asn').cells
    expect(new Map(cells.map(({ key, v4Addresses }) => [key, v4Addresses]))).toEqual(
      new Map([
        ['-', 2 ** 32 - 512],
        ['as64500', 256],
        ['as64501', 256],
      ]),
    )
  })

  it('counts IPv6 in /48 prefixes and parts of them', () => {
    const starts = Uint32Array.of(0, 0, 0, 0, 0x20010db8, 0, 0, 0, 0x20010db8, 0x00028000, 0, 0)
    const v6: Partition = { version: 6, count: 3, starts, labels: Uint32Array.of(0, 1, 0) }
    const geo = { ...geoTable([]), v6 }
    expect(tallyCoverage(EVERYBODY, geo, 'country').cells.find(({ key }) => key === 'de')?.v6Prefixes48).toBe(2.5)
  })

  it('keeps to the largest keys and says how many it left out', () => {
    const geo = geoTable([
      [256, 1],
      [512, 2],
      [600, 3],
      [1024, 0],
    ])
    const { cells, keysLeftOut } = tallyCoverage(EVERYBODY, geo, 'asn', 2)
    expect([cells.map(({ key }) => key), keysLeftOut]).toEqual([['-', 'as64501'], 1])
  })

  it('knows nothing of anybody without geo data', () => {
    expect(tallyCoverage(EVERYBODY, EMPTY_GEO_TABLE, 'country').cells).toEqual([
      { key: '-', classId: 0, v4Addresses: 2 ** 32, v6Prefixes48: 2 ** 48, sample: { version: 4, value: 0n } },
    ])
  })

  it('agrees with looking at every address by itself', () => {
    const cuts = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 63 }), fc.integer({ min: 0, max: 3 })), {
      maxLength: 12,
      selector: ([start]) => start,
    })
    const labelAt = (all: readonly Cut[], place: number): number =>
      [...all].sort((a, b) => b[0] - a[0]).find(([start]) => start <= place)?.[1] ?? 0
    fc.assert(
      fc.property(cuts, cuts, fc.constantFrom(4, 6), (classCuts, factCuts, version) => {
        const expected = new Map<string, number>()
        const names = ['-', 'de', 'fr', 'de']
        const add = (place: number, size: number): void => {
          const cell = `${names[labelAt(factCuts, place)]} ${labelAt(classCuts, place)}`
          expected.set(cell, (expected.get(cell) ?? 0) + size)
        }
        for (let place = 0; place < 64; place++) add(place, 1)
        add(64, (version === 4 ? 2 ** 32 : 2 ** 48) - 64)
        const geo = version === 4 ? geoTable(factCuts) : geoTable([], factCuts)
        const classes = { ...EVERYBODY, [version === 4 ? 'v4' : 'v6']: partition(version, classCuts) }
        const found = tallyCoverage(classes, geo, 'country').cells.map(
          (cell) => [`${cell.key} ${cell.classId}`, version === 4 ? cell.v4Addresses : cell.v6Prefixes48] as const,
        )
        expect(new Map(found.filter(([, size]) => size > 0))).toEqual(expected)
      }),
    )
  })
})
