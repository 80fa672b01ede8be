import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packAdvertisement, unpackAdvertisement } from '../../src/broker/advertisement-thread/packed-advertisement.ts'
import { packFootprints } from '../../src/broker/coverage/packed-footprints.ts'
import { canonicalCapabilities } from '../../src/fci/canonical-advertisement.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import { indexFootprints } from '../../src/routing/footprint-indexing.ts'
import { anyAdvertisement } from '../support/fci-arbitraries.ts'

const pause = (): Promise<void> => Promise.resolve()

test('packed advertisements come back as they were, over a message too, with their footprints indexed', async () => {
  await fc.assert(
    fc.asyncProperty(anyAdvertisement, async (drawn) => {
      const model = { ...drawn, capabilities: canonicalCapabilities(drawn.capabilities) }
      const back = await unpackAdvertisement(structuredClone(await packAdvertisement(model, pause, true)), pause)
      expect(back).toEqual(model)
      expect(indexFootprints(back)).toEqual(indexFootprints(model))
      // Constraints are compared by their text, in which the order of members shows.
      expect(plainText(back)).toBe(plainText(model))
      // What came packed is packed again without going through its prefixes.
      expect(await packAdvertisement(back, pause, true)).toEqual(await packAdvertisement(model, pause, true))
      const footprints = back.capabilities.map(({ footprint }) => footprint)
      const plain = model.capabilities.map(({ footprint }) => footprint)
      expect(await packFootprints(footprints, pause)).toEqual(await packFootprints(plain, pause))
    }),
  )
})

test('prefixes that several capabilities share are packed once, and shared again', async () => {
  const prefixes = Array.from({ length: 500 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
  const footprints = [{ 'footprint-type': 'ipv4cidr', 'footprint-value': prefixes }]
  const drawn = parseAdvertisement({
    capabilities: [{ 'capability-type': 'x-first', 'capability-value': {}, footprints }],
  })
  const [first] = drawn.capabilities
  if (first === undefined) throw new Error('nothing was read')
  const packed = await packAdvertisement({ ...drawn, capabilities: [first, { ...first, type: 'x-second' }] }, pause)
  expect(packed.v4).toHaveLength(2 * prefixes.length)
  const back = await unpackAdvertisement(packed, pause)
  const [one, other] = back.capabilities.map(({ footprint }) =>
    footprint.kind === 'some' ? footprint.anyOf[0]?.prefixes : undefined,
  )
  expect(one).toHaveLength(prefixes.length)
  expect(one).toBe(other)
})

test('many prefixes are packed and unpacked in slices, with a pause after each', async () => {
  const prefixes = Array.from({ length: 20_000 }, (_, i) => ({
    version: 4 as const,
    value: BigInt(i) << 8n,
    length: 24,
  }))
  const model = {
    capabilities: [{ type: 'x', value: {}, footprint: { kind: 'some' as const, anyOf: [{ prefixes }] } }],
    diagnostics: [],
  }
  let pauses = 0
  const counting = (): Promise<void> => {
    pauses++
    return Promise.resolve()
  }
  const packed = await packAdvertisement(model, counting)
  expect(pauses).toBeGreaterThanOrEqual(15)
  pauses = 0
  expect(await unpackAdvertisement(packed, counting)).toEqual(model)
  expect(pauses).toBeGreaterThanOrEqual(15)
})

test('what was not packed here is refused', async () => {
  const packed = await packAdvertisement({ capabilities: [], diagnostics: [] }, pause)
  const footprint = { kind: 'some', anyOf: [{ prefixes: 0 }] }
  for (const capability of [{ type: 'x', value: {}, footprint }, { type: 'x', value: {}, footprint: 'global' }, 7]) {
    const outcome = unpackAdvertisement({ ...packed, capabilities: [capability] }, pause)
    await expect(outcome).rejects.toThrow(/no list 0|invalid/i)
  }
})

function plainText(model: unknown): string {
  return JSON.stringify(model, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}
