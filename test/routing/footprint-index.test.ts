import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import type { Prefix } from '../../src/fci/prefix.ts'
import { containsAddress, prefixOf } from '../../src/fci/prefix.ts'
import { buildFootprintIndex } from '../../src/routing/footprint-index.ts'
import { buildRangeTable } from '../../src/routing/range-table.ts'
import {
  anyAddress,
  anyConjunctions,
  anyFootprint,
  anyPrefix,
  closeClient,
  closePrefix,
} from '../support/fci-arbitraries.ts'

describe('a range table', () => {
  const prefixes = fc.array(fc.oneof(closePrefix, anyPrefix), { maxLength: 15 })
  const address = fc.oneof(
    closeClient.map((client) => client.address),
    anyAddress,
  )

  test('finds, from the longest to the widest, exactly the prefixes that hold an address', () => {
    fc.assert(
      fc.property(prefixes, address, (list, wanted) => {
        const table = buildRangeTable(list)
        const found: Prefix[] = []
        for (let i = table.find(wanted); i >= 0; i = table.parentOf(i))
          found.push(list[i] ?? { version: 4, value: -1n, length: -1 })
        const holding = list.filter((prefix) => containsAddress(prefix, wanted))
        expect(found).toEqual(holding.sort((a, b) => b.length - a.length))
      }),
      { numRuns: 1000 },
    )
  })

  test('finds the edges of prefixes and nothing beyond them', () => {
    fc.assert(
      fc.property(anyPrefix, (prefix) => {
        const table = buildRangeTable([prefix])
        const bits = prefix.version === 4 ? 32 : 128
        const first = prefix.value
        const last = prefix.value + (1n << BigInt(bits - prefix.length)) - 1n
        const find = (value: bigint): number =>
          value < 0n || value >> BigInt(bits) > 0n ? -1 : table.find({ version: prefix.version, value })
        expect([first - 1n, first, last, last + 1n].map(find)).toEqual([-1, 0, 0, -1])
      }),
    )
  })
})

describe('a footprint index', () => {
  test('answers what matchFootprint answers', () => {
    fc.assert(
      fc.property(anyFootprint, closeClient, (footprint, client) => {
        expect(buildFootprintIndex(footprint).match(client)).toEqual(matchFootprint(footprint, client))
      }),
      { numRuns: 800 },
    )
  })

  test('answers what matchFootprint answers on footprints that nobody brought into canonical form', () => {
    fc.assert(
      fc.property(anyConjunctions, closeClient, (anyOf, client) => {
        const footprint = { kind: 'some' as const, anyOf }
        expect(buildFootprintIndex(footprint).match(client)).toEqual(matchFootprint(footprint, client))
      }),
      { numRuns: 1000 },
    )
  })

  test('finds its way through a hundred thousand prefixes', () => {
    const prefixes = Array.from({ length: 100_000 }, (_, i) => prefixOf({ version: 4, value: BigInt(i) << 12n }, 24))
    const index = buildFootprintIndex({ kind: 'some', anyOf: [{ prefixes }] })
    expect(index.match({ address: { version: 4, value: (77_777n << 12n) | 5n } })).toMatchObject({ prefixLength: 24 })
    expect(index.match({ address: { version: 4, value: (77_777n << 12n) | 0x100n } })).toBeUndefined()
  })
})
