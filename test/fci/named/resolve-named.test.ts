import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Footprint } from '../../../src/fci/footprint.ts'
import { footprintOf, GLOBAL, NOBODY } from '../../../src/fci/footprint-algebra.ts'
import { matchFootprint } from '../../../src/fci/match-footprint.ts'
import { findNamedFootprint } from '../../../src/fci/named/find-named-footprint.ts'
import type { NamedFootprint } from '../../../src/fci/named/named-footprint.ts'
import { descend } from '../../../src/fci/named/named-footprint.ts'
import type { FetchedDocument } from '../../../src/fci/named/named-registry.ts'
import { buildNamedRegistry } from '../../../src/fci/named/named-registry.ts'
import { resolveFootprint, resolveNamed, resolveNamespace } from '../../../src/fci/named/resolve-named.ts'
import { parseAdvertisement } from '../../../src/fci/parse-advertisement.ts'
import { prefixOf } from '../../../src/fci/prefix.ts'
import { closeClient } from '../../support/fci-arbitraries.ts'
import { anyRoots, fetched, NOW, uriOf } from '../../support/named-arbitraries.ts'

const GRACE = 60_000

function named(place: string, definition: Footprint, more: Partial<NamedFootprint> = {}): NamedFootprint {
  return { name: place, uri: uriOf(place), expiresAt: NOW + 1000, definition, children: [], ...more }
}

function reference(...places: readonly string[]): Footprint {
  return footprintOf([{ named: [places.map(uriOf)] }])
}

const US = footprintOf([{ countries: ['us'] }])
const NY = footprintOf([{ subdivisions: ['us-ny'] }])
const AS1 = footprintOf([{ asns: [1] }])

describe('a reference to a named footprint', () => {
  test('is replaced by the definition and narrows what stands beside it', () => {
    const registry = buildNamedRegistry([fetched([named('/us', US)])], GRACE)
    const beside = footprintOf([{ asns: [1], named: [[uriOf('/us')]] }])
    expect(resolveFootprint(beside, registry, NOW)).toEqual({
      footprint: { kind: 'some', anyOf: [{ asns: [1], countries: ['us'] }] },
      unresolved: [],
    })
    expect(resolveFootprint(GLOBAL, registry, NOW).footprint).toBe(GLOBAL)
  })

  test('covers the sub-footprints too', () => {
    const registry = buildNamedRegistry([fetched([named('/a', AS1, { children: [named('/a/ny', NY)] })])], GRACE)
    expect(resolveFootprint(reference('/a'), registry, NOW).footprint).toEqual({
      kind: 'some',
      anyOf: [{ asns: [1] }, { subdivisions: ['us-ny'] }],
    })
  })

  test('in each of several clauses must hold', () => {
    const registry = buildNamedRegistry([fetched([named('/us', US), named('/a', AS1)])], GRACE)
    const both = footprintOf([{ named: [[uriOf('/us')], [uriOf('/a')]] }])
    expect(resolveFootprint(both, registry, NOW).footprint).toEqual(footprintOf([{ asns: [1], countries: ['us'] }]))
    expect(resolveFootprint(reference('/us', '/a'), registry, NOW).footprint).toEqual(
      footprintOf([{ asns: [1] }, { countries: ['us'] }]),
    )
  })

  test('that is unknown stays, matches nobody, and leaves its alternatives alone', () => {
    const registry = buildNamedRegistry([fetched([named('/us', US)])], GRACE)
    const { footprint, unresolved } = resolveFootprint(reference('/us', '/gone'), registry, NOW)
    expect(footprint).toEqual(footprintOf([{ countries: ['us'] }, { named: [[uriOf('/gone')]] }]))
    expect(unresolved).toEqual([{ uri: uriOf('/gone'), why: 'unknown' }])
  })

  test('holds beyond the expiry as long as the grace, and not longer', () => {
    const registry = buildNamedRegistry([fetched([named('/us', US)])], GRACE)
    const at = (time: number) => resolveFootprint(reference('/us'), registry, time)
    expect(at(NOW + 1000 + GRACE - 1).footprint).toEqual(US)
    expect(at(NOW + 1000 + GRACE)).toEqual({
      footprint: reference('/us'),
      unresolved: [{ uri: uriOf('/us'), why: 'expired' }],
    })
  })

  test('without expiry lasts as long as HTTP said, or only the grace', () => {
    const { expiresAt: _, ...endless } = named('/us', US)
    const held = (freshUntil?: number) =>
      buildNamedRegistry([{ ...fetched([endless]), ...(freshUntil && { freshUntil }) }], GRACE).get(uriOf('/us'))
    expect(held(NOW + 5)).toMatchObject({ freshUntil: NOW + 5, usableUntil: NOW + 5 + GRACE })
    expect(held()).toMatchObject({ freshUntil: NOW, usableUntil: NOW + GRACE })
    expect(
      buildNamedRegistry([{ ...fetched([named('/us', US)]), freshUntil: NOW + 5 }], GRACE).get(uriOf('/us')),
    ).toMatchObject({ freshUntil: NOW + 5 })
  })

  test('takes a sub-footprint as it was fetched last, also inside its parent', () => {
    const parent = named('/a', AS1, { children: [named('/a/ny', NOBODY)] })
    const later = fetched([named('/a/ny', NY)], NOW + 1)
    for (const documents of [
      [fetched([parent]), later],
      [later, fetched([parent])],
    ]) {
      const registry = buildNamedRegistry(documents, GRACE)
      expect(resolveFootprint(reference('/a'), registry, NOW).footprint).toEqual(
        footprintOf([{ asns: [1] }, { subdivisions: ['us-ny'] }]),
      )
    }
  })

  test('loses an expired sub-footprint, not the parent', () => {
    const child = named('/a/ny', NY, { expiresAt: NOW - GRACE })
    const registry = buildNamedRegistry([fetched([named('/a', AS1, { children: [child] })])], GRACE)
    expect(resolveFootprint(reference('/a'), registry, NOW)).toEqual({
      footprint: AS1,
      unresolved: [{ uri: uriOf('/a/ny'), why: 'expired' }],
    })
  })

  test('may lead to further ones', () => {
    const registry = buildNamedRegistry(
      [fetched([named('/a', reference('/b')), named('/b', reference('/c')), named('/c', US)])],
      GRACE,
    )
    expect(resolveFootprint(reference('/a'), registry, NOW)).toEqual({ footprint: US, unresolved: [] })
  })

  test.each<[string, readonly FetchedDocument[]]>([
    ['itself', [fetched([named('/a', reference('/a'))])]],
    ['another that leads back', [fetched([named('/a', reference('/b')), named('/b', reference('/a'))])]],
    [
      'a circle beyond it',
      [fetched([named('/a', reference('/b')), named('/b', reference('/c')), named('/c', reference('/b'))])],
    ],
    ['its own parent', [fetched([named('/a', US, { children: [named('/a/b', reference('/a'))] })])]],
    [
      'a sub-footprint that has it as a sub-footprint',
      [fetched([named('/b', US, { children: [named('/a', US, { children: [named('/b', US)] })] })])],
    ],
  ])('that leads to %s is refused, whichever is followed first', (_, documents) => {
    const registry = buildNamedRegistry(documents, GRACE)
    for (const places of [['/a'], ['/a', '/b'], ['/b', '/a']]) {
      const { footprint, unresolved } = resolveFootprint(reference(...places), registry, NOW)
      expect(matchFootprint(footprint, { address: { version: 4, value: 1n }, country: 'us' })).toBeUndefined()
      expect(unresolved).toContainEqual({ uri: uriOf('/a'), why: 'cyclic' })
    }
  })

  test('through too long a chain is refused, and costs no stack', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => named(`/${i}`, i < 19_999 ? reference(`/${i + 1}`) : US))
    const registry = buildNamedRegistry([fetched(chain)], GRACE)
    expect(resolveFootprint(reference('/0'), registry, NOW).unresolved).toEqual([{ uri: uriOf('/0'), why: 'too-deep' }])
    expect(resolveFootprint(reference('/19990'), registry, NOW)).toEqual({ footprint: US, unresolved: [] })
  })

  test('through a lattice of many ways is followed once', { timeout: 5000 }, () => {
    const lattice = Array.from({ length: 30 }, (_, i) => [
      named(`/l${i}`, i < 29 ? reference(`/l${i + 1}`, `/r${i + 1}`) : US),
      named(`/r${i}`, i < 29 ? reference(`/l${i + 1}`, `/r${i + 1}`) : NY),
    ]).flat()
    const registry = buildNamedRegistry([fetched(lattice)], GRACE)
    expect(resolveFootprint(reference('/l0'), registry, NOW)).toEqual({
      footprint: footprintOf([{ countries: ['us'] }, { subdivisions: ['us-ny'] }]),
      unresolved: [],
    })
  })

  test('that would multiply beyond all bounds is refused', () => {
    const wide = footprintOf(
      Array.from({ length: 100 }, (_, i) => ({
        asns: [i],
        prefixes: [prefixOf({ version: 4, value: BigInt(i) << 24n }, 8)],
      })),
    )
    const registry = buildNamedRegistry([fetched([named('/a', wide), named('/b', wide)])], GRACE)
    const product = footprintOf([{ named: [[uriOf('/a')], [uriOf('/b')]] }])
    const { footprint, unresolved } = resolveFootprint(product, registry, NOW)
    expect(footprint).toEqual(product)
    expect(unresolved.map(({ why }) => why)).toEqual(['too-complex'])
  })

  test('in an advertisement is replaced in every capability, and nothing else changes', () => {
    const advertisement = parseAdvertisement({
      capabilities: [
        {
          'capability-type': 'FCI.DeliveryProtocol',
          'capability-value': { 'delivery-protocols': ['moqt'] },
          footprints: [{ 'footprint-type': 'named', 'footprint-value': [uriOf('/us')] }],
        },
        { 'capability-type': 'FCI.Metadata', 'capability-value': { metadata: [] } },
      ],
    })
    const registry = buildNamedRegistry([fetched([named('/us', US)])], GRACE)
    const resolved = resolveNamed(advertisement, registry, NOW)
    expect(resolved.advertisement.capabilities.map(({ footprint }) => footprint)).toEqual([US, GLOBAL])
    expect(resolveNamed(resolved.advertisement, registry, NOW).advertisement).toBe(resolved.advertisement)
  })
})

describe('the footprint of a client in a namespace', () => {
  test('is the deepest that holds it, and of ambiguous siblings the more specific', () => {
    const address = { version: 4 as const, value: 0xc0000207n }
    const slash24 = footprintOf([{ prefixes: [prefixOf(address, 24)] }])
    const roots = [named('/us', US, { children: [named('/us/ny', NY), named('/us/net', slash24)] }), named('/a', AS1)]
    const { namespace } = resolveNamespace({ name: 'default', type: 'coverage', roots }, new Map(), NOW)
    const find = (client: object) => findNamedFootprint(namespace, { address, ...client })
    expect(find({ subdivision: 'us-ny' })).toMatchObject({ path: [{ name: '/us' }, { name: '/us/net' }] })
    expect(find({ subdivision: 'us-ny' })?.diagnostics).toEqual([
      {
        severity: 'warning',
        code: 'footprint-ambiguous',
        message: '192.0.2.7 is in "/us/net", "/us/ny", which are siblings in "default"; the first is taken',
        pointer: '',
      },
    ])
    expect(findNamedFootprint(namespace, { address: { version: 4, value: 1n }, asn: 1 })).toMatchObject({
      path: [{ name: '/a' }],
      diagnostics: [],
    })
    expect(findNamedFootprint(namespace, { address: { version: 4, value: 1n } })).toBeUndefined()
  })

  test('is one that a reference to it, or to any above it, admits; without ambiguity the others admit nobody', () => {
    fc.assert(
      fc.property(anyRoots, closeClient, (roots, client) => {
        const registry = buildNamedRegistry([fetched(roots)], GRACE)
        const { namespace } = resolveNamespace({ name: 'default', type: 'coverage', roots }, registry, NOW)
        const found = findNamedFootprint(namespace, client)
        const onPath = new Set(found?.path.map(({ uri }) => uri))
        for (const { uri = '' } of roots.flatMap((root) => [...descend(root)])) {
          const { footprint } = resolveFootprint({ kind: 'some', anyOf: [{ named: [[uri]] }] }, registry, NOW)
          const isAdmitted = matchFootprint(footprint, client) !== undefined
          if (onPath.has(uri)) expect(isAdmitted).toBe(true)
          else if ((found?.diagnostics ?? []).length === 0) expect(isAdmitted).toBe(false)
        }
      }),
      { numRuns: 150 },
    )
  })
})
