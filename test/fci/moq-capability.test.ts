import { describe, expect, test } from 'vitest'
import type { Footprint } from '../../src/fci/footprint.ts'
import { deliveryFootprint, moqFootprint } from '../../src/fci/moq-capability.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'

const asn = (number: number) => [{ 'footprint-type': 'asn', 'footprint-value': [`as${number}`] }]
const protocols = (names: readonly string[], footprints: unknown) => ({
  'capability-type': 'FCI.DeliveryProtocol',
  'capability-value': { 'delivery-protocols': names },
  footprints,
})
const feature = (type: string, footprints: unknown) => ({
  'capability-type': 'FCI.PrivateFeatures',
  'capability-value': { features: [{ 'feature-oid': 'example', 'feature-type': type }] },
  footprints,
})
const read = (...capabilities: unknown[]) => parseAdvertisement({ capabilities })
const asns = (...numbers: number[]): Footprint => ({ kind: 'some', anyOf: [{ asns: numbers }] })

describe('where a provider says that it serves MoQ', () => {
  test.each(['moqt', 'moq', 'MoQT'])('is where it delivers by %s', (name) => {
    expect(moqFootprint(read(protocols(['http/1.1', name], asn(1))))).toEqual(asns(1))
  })

  test('is where it has the private feature MoQRelay', () => {
    expect(moqFootprint(read(feature('MoQRelay', asn(1)), feature('S4Streaming', asn(2))))).toEqual(asns(1))
  })

  test('is the union of all such places', () => {
    expect(
      moqFootprint(read(feature('MoQRelay', asn(1)), protocols(['moqt'], asn(2)), protocols(['http/1.1'], asn(3)))),
    ).toEqual(asns(1, 2))
  })

  test('is nowhere said by an advertisement of other protocols', () => {
    expect(moqFootprint(read(protocols(['http/1.1', 'moqtail'], asn(1)), feature('moqrelay', asn(2))))).toBeUndefined()
  })

  test('is said, for nobody, when its footprint is empty', () => {
    expect(moqFootprint(read(protocols(['moqt'], [{ 'footprint-type': 'asn', 'footprint-value': [] }])))).toEqual({
      kind: 'some',
      anyOf: [],
    })
  })
})

describe('where a provider says that it delivers', () => {
  test('is the union of its delivery objects, not of the others', () => {
    const logging = { 'capability-type': 'FCI.Logging', 'capability-value': { 'record-type': 'x' } }
    expect(deliveryFootprint(read(protocols(['http/1.1'], asn(1)), protocols(['https/1.1'], asn(2)), logging))).toEqual(
      asns(1, 2),
    )
  })

  test('is the union of all objects when none is about delivery', () => {
    expect(deliveryFootprint(read(feature('a', asn(1)), feature('b', asn(2))))).toEqual(asns(1, 2))
  })

  test('is nowhere for an empty advertisement', () => {
    expect(deliveryFootprint(read())).toBeUndefined()
  })
})
