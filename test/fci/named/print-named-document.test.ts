import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Conjunction } from '../../../src/fci/footprint.ts'
import { footprintOf, GLOBAL, NOBODY } from '../../../src/fci/footprint-algebra.ts'
import { matchFootprint } from '../../../src/fci/match-footprint.ts'
import { printDefinition, printNamespace, versionOfPrinted } from '../../../src/fci/named/print-named-document.ts'
import { parseNamedDocument, parseNamedDocumentText } from '../../../src/fci/named/read-named-document.ts'
import { prefixOf } from '../../../src/fci/prefix.ts'
import { closeClient } from '../../support/fci-arbitraries.ts'
import { anyRoots, NOW } from '../../support/named-arbitraries.ts'

/** What holds for nobody, or was withheld, need not come back. */
const MINDED =
  /^(?!footprint-(?:type|source)-unknown$|footprint-(?:value-)?empty$|footprint-source-|named-(?:outside|siblings|expires))/

describe('a namespace that is printed', () => {
  test('and read back is the same, but for definitions that one object cannot say, which then match nobody', () => {
    fc.assert(
      fc.property(
        anyRoots,
        fc.constantFrom('lenient' as const, 'strict' as const),
        closeClient,
        (roots, mode, client) => {
          const printed = printNamespace({ name: 'default', type: 'resource', roots })
          const again = parseNamedDocumentText(JSON.stringify(printed), { mode })
          if (again.kind !== 'namespace') throw new Error('it is another kind of document')
          expect(again.diagnostics.filter(({ code }) => MINDED.test(code))).toEqual([])
          expect(again.namespace.type).toBe('resource')
          const compare = (before: typeof roots, after: typeof roots): void => {
            const labels = (footprints: typeof roots) =>
              footprints.map(({ name, uri, expiresAt }) => [name, uri, expiresAt])
            expect(labels(after)).toEqual(labels(before))
            for (const [i, { definition, children }] of before.entries()) {
              const back = after[i]?.definition ?? GLOBAL
              if (printDefinition(definition) === undefined) expect(back).toEqual(NOBODY)
              else if (definition.kind === 'some') expect(back).toEqual(definition)
              else expect(matchFootprint(back, client)).toBeDefined()
              compare(children, after[i]?.children ?? [])
            }
          }
          compare(roots, again.namespace.roots)
          expect(printNamespace(again.namespace)).toEqual(printed)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('leaves out what lacks a URI or an expiry, which are mandatory', () => {
    const root = { name: 'a', uri: 'https://dcdn.example/a', expiresAt: NOW, definition: GLOBAL, children: [] }
    const { uri: _, ...nowhere } = root
    const { expiresAt: __, ...endless } = root
    const { footprints } = printNamespace({ name: 'n', type: 'coverage', roots: [nowhere, endless, root] })
    expect(footprints.map((footprint) => footprint['footprint-expires'])).toEqual(['2030-01-01T00:00:00Z'])
  })

  test('has a version of its own', () => {
    const version = (definition: typeof GLOBAL) =>
      versionOfPrinted(
        printNamespace({
          name: 'n',
          type: 'coverage',
          roots: [{ name: 'a', uri: 'https://dcdn.example/a', expiresAt: NOW, definition, children: [] }],
        }),
      )
    expect(version(GLOBAL)).toBe(version(GLOBAL))
    expect(version(GLOBAL)).not.toBe(version(NOBODY))
  })
})

describe('a definition', () => {
  const slash24 = prefixOf({ version: 4, value: 0xc0000200n }, 24)
  const sources = [{ type: 'private' as const, uri: 'https://db.example', facts: ['asn' as const] }]
  const sourced = [{ sources, within: footprintOf([{ asns: [1] }]) }]

  test.each<[string, readonly Conjunction[], unknown]>([
    ['nobody as an object without values', [], { 'footprint-type': 'ipv4cidr', 'footprint-value': [] }],
    ['one type as it is', [{ asns: [1] }], { 'footprint-type': 'asn', 'footprint-value': ['as1'] }],
    [
      'alternatives as a footprintunion',
      [{ asns: [1] }, { countries: ['us'] }],
      {
        'footprint-type': 'footprintunion',
        'footprint-value': [
          { 'footprint-type': 'asn', 'footprint-value': ['as1'] },
          { 'footprint-type': 'countrycode', 'footprint-value': ['us'] },
        ],
      },
    ],
    [
      'what narrows itself as an expression',
      [{ asns: [1, 2], prefixes: [slash24], excluded: { countries: ['us'] } }],
      {
        'footprint-type': 'expr',
        'footprint-value': [
          '( ep.ipv4addr ipmatch "192.0.2.0/24" ) and ( ep.asn == 1 or ep.asn == 2 ) and ( not ( ep.country == "us" ) )',
        ],
      },
    ],
    ['nothing for what has no single object', [{ sourced, prefixes: [slash24] }], undefined],
  ])('says %s', (_, conjunctions, expected) => {
    expect(printDefinition(footprintOf(conjunctions))).toEqual(expected)
  })

  test('says everybody as all addresses', () => {
    const definition = printDefinition(GLOBAL)
    const read = parseNamedDocument({
      'footprint-name': 'a',
      'footprint-uri': 'https://dcdn.example/a',
      'footprint-def': definition,
    })
    if (read.kind !== 'footprint') throw new Error('it is another kind of document')
    for (const version of [4, 6] as const) {
      expect(matchFootprint(read.footprint.definition, { address: { version, value: 7n } })).toBeDefined()
    }
  })
})
