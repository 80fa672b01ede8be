import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { covers, isEmpty } from '../../src/fci/covers.ts'
import { factsRead } from '../../src/fci/facts-read.ts'
import type { Conjunction, Footprint } from '../../src/fci/footprint.ts'
import { footprintOf, GLOBAL, intersectFootprints, NOBODY, uniteFootprints } from '../../src/fci/footprint-algebra.ts'
import { footprintSize } from '../../src/fci/footprint-size.ts'
import type { ClientFacts } from '../../src/fci/match-footprint.ts'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { addressBits, prefixOf } from '../../src/fci/prefix.ts'
import { subtractFootprints } from '../../src/fci/subtract-footprints.ts'
import { closeClient, closePrefix, smallFootprint } from '../support/fci-arbitraries.ts'

function admits(footprint: Footprint, client: ClientFacts): boolean {
  return matchFootprint(footprint, client) !== undefined
}

const NET = prefixOf({ version: 4, value: 0xc0000200n }, 24)
const HALF = prefixOf({ version: 4, value: 0xc0000280n }, 25)
const SOURCES = [{ type: 'private' as const, uri: 'https://db.example', facts: ['asn' as const] }]

function some(...anyOf: readonly Conjunction[]): Footprint {
  return footprintOf(anyOf)
}

describe('union and intersection', () => {
  test('are associative', () => {
    fc.assert(
      fc.property(smallFootprint, smallFootprint, smallFootprint, closeClient, (a, b, c, client) => {
        expect(uniteFootprints([uniteFootprints([a, b]), c])).toEqual(uniteFootprints([a, uniteFootprints([b, c])]))
        const left = intersectFootprints(intersectFootprints(a, b), c)
        const right = intersectFootprints(a, intersectFootprints(b, c))
        expect(admits(left, client)).toBe(admits(right, client))
      }),
      { numRuns: 150 },
    )
  })

  test('are commutative and idempotent, and each absorbs the other', () => {
    fc.assert(
      fc.property(smallFootprint, smallFootprint, closeClient, (a, b, client) => {
        expect(intersectFootprints(a, b)).toEqual(intersectFootprints(b, a))
        expect(admits(intersectFootprints(a, a), client)).toBe(admits(a, client))
        expect(admits(uniteFootprints([a, intersectFootprints(a, b)]), client)).toBe(admits(a, client))
        expect(admits(intersectFootprints(a, uniteFootprints([a, b])), client)).toBe(admits(a, client))
      }),
      { numRuns: 150 },
    )
  })

  test('distribute over one another', () => {
    fc.assert(
      fc.property(smallFootprint, smallFootprint, smallFootprint, closeClient, (a, b, c, client) => {
        const left = intersectFootprints(a, uniteFootprints([b, c]))
        const right = uniteFootprints([intersectFootprints(a, b), intersectFootprints(a, c)])
        expect(admits(left, client)).toBe(admits(right, client))
      }),
      { numRuns: 150 },
    )
  })
})

describe('difference', () => {
  test('where it exists admits exactly the clients of the first who are not in the second', () => {
    fc.assert(
      fc.property(smallFootprint, smallFootprint, closeClient, (a, b, client) => {
        const difference = subtractFootprints(a, b)
        if (difference !== undefined) expect(admits(difference, client)).toBe(admits(a, client) && !admits(b, client))
      }),
      { numRuns: 300 },
    )
  })

  test.each<[string, Footprint, Footprint, Footprint | undefined]>([
    [
      'addresses without some of them',
      some({ prefixes: [NET] }),
      some({ prefixes: [HALF] }),
      some({ prefixes: [NET], excluded: { prefixes: [HALF] } }),
    ],
    ['codes without some of them', some({ asns: [1, 2] }), some({ asns: [2, 3] }), some({ asns: [1] })],
    [
      'a country without some addresses',
      some({ countries: ['us'] }),
      some({ countries: ['us'], prefixes: [NET] }),
      some({ countries: ['us'], excluded: { prefixes: [NET] } }),
    ],
    ['what is apart', some({ countries: ['us'] }), some({ subdivisions: ['ca-on'] }), some({ countries: ['us'] })],
    [
      'subdivisions without a country',
      some({ subdivisions: ['us-ny', 'ca-on'] }),
      some({ countries: ['ca'] }),
      some({ subdivisions: ['us-ny'] }),
    ],
    ['everybody without everybody', GLOBAL, GLOBAL, NOBODY],
    [
      'a country without a subdivision, which may be unknown',
      some({ countries: ['us'] }),
      some({ subdivisions: ['us-ny'] }),
      undefined,
    ],
    ['addresses without an AS number, which may be unknown', some({ prefixes: [NET] }), some({ asns: [1] }), undefined],
    [
      'what the same sources say',
      some({ sourced: [{ sources: SOURCES, within: some({ asns: [1] }) }], prefixes: [NET] }),
      some({ sourced: [{ sources: SOURCES, within: some({ asns: [1] }) }], prefixes: [HALF] }),
      some({
        sourced: [{ sources: SOURCES, within: some({ asns: [1] }) }],
        prefixes: [NET],
        excluded: { prefixes: [HALF] },
      }),
    ],
    [
      'what other sources say',
      some({ asns: [1] }),
      some({ sourced: [{ sources: SOURCES, within: some({ asns: [1] }) }] }),
      undefined,
    ],
  ])('of %s', (_, a, b, expected) => {
    expect(subtractFootprints(a, b)).toEqual(expected)
  })
})

describe('covers', () => {
  test('says yes only of footprints whose every client the other holds, and no only where it holds one less', () => {
    fc.assert(
      fc.property(smallFootprint, smallFootprint, closeClient, (a, b, client) => {
        const answer = covers(a, b)
        if (answer === 'yes' && admits(b, client)) expect(admits(a, client)).toBe(true)
        if (admits(b, client) && !admits(a, client)) expect(answer).not.toBe('yes')
      }),
      { numRuns: 300 },
    )
  })

  test('knows that a union covers its parts, and a part its intersections', () => {
    fc.assert(
      fc.property(smallFootprint, smallFootprint, (a, b) => {
        expect(covers(uniteFootprints([a, b]), a)).toBe('yes')
        expect(covers(a, a)).toBe('yes')
        expect(covers(GLOBAL, a)).toBe('yes')
        expect(covers(a, NOBODY)).toBe('yes')
        // A reference beside another one is a clause of its own, which nothing but evaluation could merge.
        expect(covers(a, intersectFootprints(a, b))).not.toBe('no')
      }),
      { numRuns: 200 },
    )
  })

  test.each<[string, Footprint, Footprint, string]>([
    ['a prefix and its half', some({ prefixes: [NET] }), some({ prefixes: [HALF] }), 'yes'],
    ['a half and its prefix', some({ prefixes: [HALF] }), some({ prefixes: [NET] }), 'no'],
    [
      'two halves and the whole',
      some({ prefixes: [HALF, prefixOf({ version: 4, value: 0xc0000200n }, 25)] }),
      some({ prefixes: [NET] }),
      'yes',
    ],
    ['a country and its subdivision', some({ countries: ['us'] }), some({ subdivisions: ['us-ny'] }), 'yes'],
    ['a subdivision and its country', some({ subdivisions: ['us-ny'] }), some({ countries: ['us'] }), 'no'],
    [
      'two countries, each alone',
      some({ countries: ['us'] }, { countries: ['ca'], asns: [1] }),
      some({ countries: ['ca', 'us'] }),
      'no',
    ],
    ['an expression and what it computes', some({ expressions: ['ep.asn < 64497'] }), some({ asns: [1] }), 'unknown'],
    ['what an expression computes beyond', some({ asns: [1] }), some({ expressions: ['ep.asn < 64497'] }), 'no'],
    ['what is unresolved', some({ countries: ['us'] }), some({ named: [['https://dcdn.example/us']] }), 'unknown'],
    [
      'what a source says and what any says',
      some({ asns: [1] }),
      some({ sourced: [{ sources: SOURCES, within: some({ asns: [1] }) }] }),
      'no',
    ],
    ['everybody and all addresses', some({ prefixes: [prefixOf(NET, 0)] }), GLOBAL, 'no'],
  ])('%s: %#', (_, wide, narrow, expected) => {
    expect(covers(wide, narrow)).toBe(expected)
  })

  test('tells what is empty', () => {
    expect(isEmpty(NOBODY)).toBe('yes')
    expect(isEmpty(some({ unknown: [{ type: 'x', value: [] }] }))).toBe('yes')
    expect(isEmpty(some({ countries: ['us'] }))).toBe('no')
    expect(isEmpty(some({ expressions: ['ep.asn < 0'] }))).toBe('unknown')
  })
})

describe('the size of a footprint', () => {
  test('counts every address once', () => {
    fc.assert(
      fc.property(fc.array(closePrefix, { minLength: 1, maxLength: 8 }), (prefixes) => {
        const near = prefixes.filter(({ version, length }) => length >= addressBits(version) - 8)
        const addresses = new Set(
          near
            .filter(({ version }) => version === 4)
            .flatMap(({ value, length }) => Array.from({ length: 2 ** (32 - length) }, (_, i) => value + BigInt(i))),
        )
        const networks = new Set(near.filter(({ version }) => version === 6).map(({ value }) => value >> 64n))
        expect(footprintSize(footprintOf([{ prefixes: near }]))).toEqual({
          v4: BigInt(addresses.size),
          v6: BigInt(networks.size),
          asns: [],
          countries: [],
          subdivisions: [],
          narrowed: 0,
        })
      }),
    )
  })

  test('lists codes, and says where it counts too much', () => {
    expect(
      footprintSize(
        some(
          { prefixes: [NET], excluded: { prefixes: [HALF] } },
          { prefixes: [prefixOf({ version: 6, value: 0n }, 48)], asns: [3] },
          { countries: ['us', 'ca'] },
          { unknown: [{ type: 'x', value: [] }] },
          { sourced: [{ sources: SOURCES, within: some({ asns: [7] }) }] },
        ),
      ),
    ).toEqual({ v4: 128n, v6: 65_536n, asns: [3, 7], countries: ['ca', 'us'], subdivisions: [], narrowed: 1 })
    expect(footprintSize(GLOBAL)).toMatchObject({ v4: 1n << 32n, v6: 1n << 64n, narrowed: 0 })
  })
})

describe('the facts that a footprint reads', () => {
  test('are all that its answer depends on', () => {
    fc.assert(
      fc.property(smallFootprint, closeClient, closeClient, (footprint, client, other) => {
        const { address, facts, sourced } = factsRead(footprint)
        const asns = facts.has('asn') ? client : other
        // A known subdivision tells the country.
        const places = facts.has('country') || facts.has('subdivision') ? client : other
        const sources = sourced.length > 0 ? client : other
        const mixed: ClientFacts = {
          address: address ? client.address : other.address,
          ...(asns.asn !== undefined && { asn: asns.asn }),
          ...(places.country !== undefined && { country: places.country }),
          ...(places.subdivision !== undefined && { subdivision: places.subdivision }),
          ...(sources.under !== undefined && { under: sources.under }),
        }
        expect(admits(footprint, mixed)).toBe(admits(footprint, client))
      }),
      { numRuns: 200 },
    )
  })
})
