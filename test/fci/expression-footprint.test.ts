import { describe, expect, test } from 'vitest'
import { footprintOf, intersectFootprints, NOBODY, uniteFootprints } from '../../src/fci/footprint-algebra.ts'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import { prefixOf } from '../../src/fci/prefix.ts'
import { printAdvertisement } from '../../src/fci/print-advertisement.ts'

const address = { version: 4 as const, value: 0xc0000207n }

function read(...footprints: readonly unknown[]) {
  return parseAdvertisement({
    capabilities: [
      { 'capability-type': 'FCI.DeliveryProtocol', 'capability-value': { 'delivery-protocols': ['moqt'] }, footprints },
    ],
  })
}

function expr(...values: readonly unknown[]) {
  return { 'footprint-type': 'expr', 'footprint-value': values }
}

describe('an expression footprint', () => {
  test('that is broken narrows what stands beside it to nobody, with line and column of the fault', () => {
    const { capabilities, diagnostics } = read(
      { 'footprint-type': 'asn', 'footprint-value': ['as64496'] },
      expr('ep.country == "us"\n  and'),
    )
    expect(diagnostics).toEqual([
      expect.objectContaining({
        severity: 'error',
        code: 'expr-syntax',
        pointer: '/capabilities/0/footprints/1/footprint-value/0',
        message: expect.stringContaining('line 2, column 6: '),
      }),
    ])
    expect(capabilities[0]?.footprint).toEqual({
      kind: 'some',
      anyOf: [{ asns: [64496], unknown: [{ type: 'expr', value: ['ep.country == "us"\n  and'] }] }],
    })
    expect(matchFootprint(capabilities[0]?.footprint ?? NOBODY, { address, asn: 64496, country: 'us' })).toBeUndefined()
  })

  test('that is broken is never joined with a sound one, which as two objects of a list would be alternatives', () => {
    const sound = footprintOf([{ excluded: { asns: [64496] } }])
    const broken = footprintOf([{ unknown: [{ type: 'expr', value: ['('] }] }])
    expect(intersectFootprints(sound, broken)).toEqual(NOBODY)
    const { capabilities } = read(expr('('), {
      'footprint-type': 'footprintunion',
      'footprint-value': [expr('not (ep.asn == 64496)')],
    })
    expect(capabilities[0]?.footprint).toEqual(NOBODY)
  })

  test('with several values holds for the clients of any', () => {
    const { capabilities, diagnostics } = read(expr('ep.asn == 1', 'ep.asn == 2', 7))
    expect(capabilities[0]?.footprint).toEqual({ kind: 'some', anyOf: [{ asns: [1, 2] }] })
    expect(diagnostics.map(({ code }) => code)).toEqual(['expr-syntax'])
  })

  test('that is always true is every address, and one that never is, nobody', () => {
    expect(printAdvertisement(read(expr('1 == 1'))).capabilities[0]?.footprints).toEqual([
      {
        'footprint-type': 'footprintunion',
        'footprint-value': [
          { 'footprint-type': 'ipv4cidr', 'footprint-value': ['0.0.0.0/0'] },
          { 'footprint-type': 'ipv6cidr', 'footprint-value': ['::/0'] },
        ],
      },
    ])
    expect(read(expr('1 == 2')).capabilities[0]?.footprint).toEqual(NOBODY)
    expect(read(expr('1 / 0 == 1')).capabilities[0]?.footprint).toEqual(NOBODY)
    expect(read(expr('not (1 / 0 == 1)')).capabilities[0]?.footprint).toEqual(NOBODY)
  })

  test('too long to be read back is not printed', () => {
    const prefixes = Array.from({ length: 400 }, (_, i) => prefixOf({ version: 4, value: BigInt(i) << 8n }, 24))
    const footprint = uniteFootprints([
      footprintOf([{ countries: ['us'], excluded: { prefixes } }]),
      footprintOf([{ asns: [1] }]),
    ])
    const value = { 'delivery-protocols': ['moqt'] }
    const printed = printAdvertisement({
      capabilities: [{ type: 'FCI.DeliveryProtocol', value, footprint }],
      diagnostics: [],
    })
    expect(printed.capabilities.map(({ footprints }) => footprints)).toEqual([
      [{ 'footprint-type': 'asn', 'footprint-value': ['as1'] }],
    ])
  })

  test('takes what it excludes out of what it lists', () => {
    const excluded = { asns: [2], countries: ['us'], subdivisions: ['ca-on'], prefixes: [prefixOf(address, 32)] }
    expect(
      footprintOf([
        {
          asns: [1, 2],
          subdivisions: ['us-ny', 'ca-on', 'ca-qc'],
          prefixes: [prefixOf(address, 32), prefixOf(address, 8)],
          excluded,
        },
        { prefixes: [prefixOf(address, 32)], excluded },
      ]),
    ).toEqual({
      kind: 'some',
      anyOf: [
        {
          prefixes: [prefixOf(address, 8)],
          asns: [1],
          subdivisions: ['ca-qc'],
          excluded: { prefixes: [prefixOf(address, 32)] },
        },
      ],
    })
  })

  test('of a model that somebody built wrongly holds for nobody', () => {
    const footprint = { kind: 'some' as const, anyOf: [{ countries: ['us'], expressions: ['ep.asn =='] }] }
    expect(matchFootprint(footprint, { address, country: 'us', asn: 1 })).toBeUndefined()
  })
})
