import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Footprint } from '../../src/fci/footprint.ts'
import { footprintOf, GLOBAL, intersectFootprints, NOBODY, uniteFootprints } from '../../src/fci/footprint-algebra.ts'
import type { ClientFacts } from '../../src/fci/match-footprint.ts'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { prefixOf } from '../../src/fci/prefix.ts'
import { anyConjunctions, anyFootprint, closeClient } from '../support/fci-arbitraries.ts'

function admits(footprint: Footprint, client: ClientFacts): boolean {
  return matchFootprint(footprint, client) !== undefined
}

describe('a footprint', () => {
  test('admits the same clients in canonical form as in the form it was given', () => {
    fc.assert(
      fc.property(anyConjunctions, closeClient, (conjunctions, client) => {
        expect(admits(footprintOf(conjunctions), client)).toBe(admits({ kind: 'some', anyOf: conjunctions }, client))
      }),
      { numRuns: 400 },
    )
  })

  test('has one canonical form, whatever the order of its conjunctions', () => {
    fc.assert(
      fc.property(anyConjunctions, (conjunctions) => {
        const canonical = footprintOf(conjunctions)
        expect(footprintOf([...conjunctions].reverse())).toEqual(canonical)
        if (canonical.kind === 'some') expect(footprintOf(canonical.anyOf)).toEqual(canonical)
      }),
    )
  })

  test('loses conjunctions that no client can satisfy', () => {
    const impossible = { countries: ['us'], subdivisions: ['ca-on'] }
    expect(footprintOf([impossible, { asns: [] }, {}])).toEqual(NOBODY)
    expect(footprintOf([impossible, { asns: [2, 1, 2] }])).toEqual({ kind: 'some', anyOf: [{ asns: [1, 2] }] })
  })
})

describe('union', () => {
  test('admits exactly the clients of either', () => {
    fc.assert(
      fc.property(anyFootprint, anyFootprint, closeClient, (a, b, client) => {
        expect(admits(uniteFootprints([a, b]), client)).toBe(admits(a, client) || admits(b, client))
      }),
      { numRuns: 400 },
    )
  })

  test('is idempotent, commutative, and absorbs nobody', () => {
    fc.assert(
      fc.property(anyFootprint, anyFootprint, (a, b) => {
        expect(uniteFootprints([a, a])).toEqual(a)
        expect(uniteFootprints([a, b])).toEqual(uniteFootprints([b, a]))
        expect(uniteFootprints([a, NOBODY])).toEqual(a)
        expect(uniteFootprints([a, GLOBAL])).toEqual(GLOBAL)
      }),
    )
  })
})

describe('intersection', () => {
  test('admits exactly the clients of both', () => {
    fc.assert(
      fc.property(anyFootprint, anyFootprint, closeClient, (a, b, client) => {
        expect(admits(intersectFootprints(a, b), client)).toBe(admits(a, client) && admits(b, client))
      }),
      { numRuns: 400 },
    )
  })

  test('of everybody and a footprint is that footprint', () => {
    fc.assert(
      fc.property(anyFootprint, (a) => {
        expect(intersectFootprints(GLOBAL, a)).toEqual(a)
        expect(intersectFootprints(a, NOBODY)).toEqual(NOBODY)
      }),
    )
  })
})

describe('matchFootprint', () => {
  const address = { version: 4 as const, value: 0xc0000207n }
  const client: ClientFacts = { address, asn: 64496, country: 'us', subdivision: 'us-ny' }
  const slash24 = { prefixes: [prefixOf(address, 24)] }
  const whole = { prefixes: [prefixOf(address, 0)] }

  test.each([
    [
      'a longer prefix before a shorter one',
      [slash24, { asns: [64496], prefixes: [prefixOf(address, 30)] }],
      'ipv4cidr',
      30,
    ],
    ['a prefix before an AS number', [slash24, { asns: [64496] }], 'ipv4cidr', 24],
    [
      'an AS number before a subdivision',
      [{ asns: [64496] }, { subdivisions: ['us-ny'], asns: [1] }, { subdivisions: ['us-ny'] }],
      'asn',
      0,
    ],
    ['a subdivision before a country', [{ countries: ['us'] }, { subdivisions: ['us-ny'] }], 'subdivisioncode', 0],
    ['a country before a prefix that holds everybody', [whole, { countries: ['us'] }], 'countrycode', 0],
  ])('reports %s', (_, anyOf, type, prefixLength) => {
    expect(matchFootprint({ kind: 'some', anyOf }, client)).toMatchObject({ type, prefixLength })
    expect(matchFootprint({ kind: 'some', anyOf: [...anyOf].reverse() }, client)).toMatchObject({ type, prefixLength })
  })

  test('takes the country of a client from its subdivision', () => {
    const canada: Footprint = { kind: 'some', anyOf: [{ countries: ['ca'] }] }
    expect(matchFootprint(canada, { address, country: 'us', subdivision: 'ca-on' })?.value).toBe('ca')
    expect(matchFootprint(canada, { address, country: 'ca', subdivision: 'us-ny' })).toBeUndefined()
  })
})
