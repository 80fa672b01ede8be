import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GLOBAL } from '../../src/fci/footprint-algebra.ts'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { deliveryFootprint, moqFootprint } from '../../src/fci/moq-capability.ts'
import { indexFootprints } from '../../src/routing/footprint-indexing.ts'
import { coverageOfOutcome, plainCoverage } from '../../src/routing/provider-coverage.ts'
import { anyFootprint, closeClient } from '../support/fci-arbitraries.ts'

const PROTOCOLS = [['moqt'], ['http/1.1'], ['https/1.1', 'moq']] as const

const advertisement = fc.record({
  capabilities: fc.array(
    fc.record({
      type: fc.constantFrom('FCI.DeliveryProtocol', 'FCI.Logging'),
      value: fc.constantFrom(...PROTOCOLS).map((protocols) => ({ 'delivery-protocols': protocols })),
      footprint: fc.oneof(anyFootprint, fc.constant(GLOBAL)),
    }),
    { maxLength: 6 },
  ),
  diagnostics: fc.constant([]),
})

describe('what an advertisement says to a client', () => {
  test('is what matching its footprints says', () => {
    fc.assert(
      fc.property(advertisement, closeClient, (model, client) => {
        const moq = moqFootprint(model)
        const delivery = deliveryFootprint(model)
        const coverage = plainCoverage(model, client)
        expect(coverage).toMatchObject({ saysMoq: moq !== undefined, saysDelivery: delivery !== undefined })
        expect(coverage.moq).toEqual(moq && matchFootprint(moq, client))
        expect(coverage.delivery).toEqual(delivery && matchFootprint(delivery, client))
        expect(coverage.capabilities.moq !== undefined).toBe(moq !== undefined && coverage.moq !== undefined)
      }),
      { numRuns: 400 },
    )
  })

  test('is the same read off the outcome of its column', () => {
    fc.assert(
      fc.property(advertisement, closeClient, (model, client) => {
        const { footprints } = indexFootprints(model)
        const outcome = {
          matches: footprints.flatMap((one, footprint) => {
            const match = matchFootprint(one, client)
            return match === undefined ? [] : [{ footprint, ...match }]
          }),
        }
        const plain = plainCoverage(model, client)
        const read = coverageOfOutcome(model, outcome)
        expect(read.moq).toEqual(plain.moq)
        expect(read.delivery).toEqual(plain.delivery)
        expect([read.saysMoq, read.saysDelivery]).toEqual([plain.saysMoq, plain.saysDelivery])
        expect(read.capabilities).toEqual(plain.capabilities)
      }),
      { numRuns: 400 },
    )
  })

  test('is one object for one outcome', () => {
    const model = {
      capabilities: [
        { type: 'FCI.DeliveryProtocol', value: { 'delivery-protocols': ['moqt'] }, footprint: GLOBAL },
        { type: 'FCI.Logging', value: {}, footprint: GLOBAL },
      ],
      diagnostics: [],
    }
    const outcome = { matches: [{ footprint: 0, type: 'global' as const, value: '*', prefixLength: 0 }] }
    expect(coverageOfOutcome(model, outcome)).toBe(coverageOfOutcome(model, outcome))
    expect(indexFootprints(model).footprints).toHaveLength(1)
  })
})
