import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packFootprints, unpackFootprints } from '../../src/broker/coverage/packed-footprints.ts'
import { isMatchable, matchFootprint } from '../../src/fci/match-footprint.ts'
import { anyColumnFootprint } from '../support/coverage-world.ts'
import { anyFootprint, closeClient } from '../support/fci-arbitraries.ts'

const pause = (): Promise<void> => Promise.resolve()

test('packed footprints let in whom they let in before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyColumnFootprint, { maxLength: 5 }), closeClient, async (footprints, client) => {
      const back = unpackFootprints(await packFootprints(footprints, pause))
      expect(back.map((footprint) => matchFootprint(footprint, client))).toEqual(
        footprints.map((footprint) => matchFootprint(footprint, client)),
      )
    }),
  )
})

test('canonical footprints come back as they were, without what holds for nobody', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyFootprint, { maxLength: 5 }), async (footprints) => {
      const matchable = footprints.map((footprint) =>
        footprint.kind === 'global' ? footprint : { ...footprint, anyOf: footprint.anyOf.filter(isMatchable) },
      )
      expect(unpackFootprints(await packFootprints(footprints, pause))).toEqual(matchable)
    }),
  )
})

test('many prefixes are packed in slices, with a pause after each', async () => {
  const prefixes = Array.from({ length: 20_000 }, (_, i) => ({
    version: 4 as const,
    value: BigInt(i) << 12n,
    length: 20,
  }))
  let pauses = 0
  const packed = await packFootprints([{ kind: 'some', anyOf: [{ prefixes }, { prefixes }] }], () => {
    pauses++
    return Promise.resolve()
  })
  expect(pauses).toBeGreaterThanOrEqual(5)
  expect(packed.v4).toHaveLength(40_000)
  const [footprint] = unpackFootprints(packed)
  expect(footprint).toEqual({ kind: 'some', anyOf: [{ prefixes }, { prefixes }] })
})
