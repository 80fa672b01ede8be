import { describe, expect, it } from 'vitest'
import { versionOf } from '../../src/fci/advertisement-version.ts'
import { isStrictProviderId, leadsThrough, readProviderId, veilProviderId } from '../../src/fci/cdn-path.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import { printAdvertisement } from '../../src/fci/print-advertisement.ts'

const delivery = {
  'capability-type': 'FCI.DeliveryProtocol',
  'capability-value': { 'delivery-protocols': ['http/1.1'] },
  footprints: [{ 'footprint-type': 'countrycode', 'footprint-value': ['de'] }],
}

describe('a CDN Provider ID (RFC 7975 4.8)', () => {
  it.each([
    ['AS64496:0', 'AS64496:0'],
    ['as64496:Edge', 'AS64496:Edge'],
    ['As1:a/b', 'AS1:a/b'],
  ])('is read from %s', (text, id) => expect(readProviderId(text)).toBe(id))

  it.each(['', '64496:0', 'AS:0', 'AS64496:', 'AS64496:a b', 'AS64496:a,b', 'AS64496:"', `AS1:${'a'.repeat(300)}`])(
    'is not read from %j',
    (text) => expect(readProviderId(text)).toBeUndefined(),
  )

  it('is sent in the strict form only', () => {
    expect(['AS64496:0', 'AS64496:a.b-c_d', 'as64496:0', 'AS064496:0', 'AS64496:a/b'].map(isStrictProviderId)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })

  it('is recognised under its veil by who knows it', () => {
    const path = [veilProviderId('AS64496:0'), 'AS64497:0']
    expect(path[0]).toMatch(/^AS0:/)
    expect(['AS64496:0', 'AS64497:0', 'AS64498:0'].map((id) => leadsThrough(path, id))).toEqual([true, true, false])
    expect(veilProviderId(veilProviderId('AS64496:0'))).toBe(path[0])
  })
})

describe('the path of an advertisement', () => {
  it('is inherited from the envelope, unless the object has its own', () => {
    const { capabilities } = parseAdvertisement({
      'cdn-path': ['as64496:0'],
      'max-hops': 3,
      capabilities: [
        delivery,
        { ...delivery, 'capability-value': { 'delivery-protocols': ['https/1.1'] }, 'cdn-path': ['AS64497:0'] },
      ],
    })
    expect(capabilities.map(({ cdnPath, maxHops }) => ({ cdnPath, maxHops }))).toEqual([
      { cdnPath: ['AS64496:0'], maxHops: 3 },
      { cdnPath: ['AS64497:0'], maxHops: 3 },
    ])
  })

  it('is read from the envelope of RFC 9241 too', () => {
    const { capabilities } = parseAdvertisement({
      'cdni-advertisement': { 'capabilities-with-footprints': [delivery], 'cdn-path': ['AS64496:0'] },
    })
    expect(capabilities[0]?.cdnPath).toEqual(['AS64496:0'])
  })

  it.each([
    ['cdn-path', 'AS64496:0'],
    ['cdn-path', ['AS64496:0', 7]],
    ['cdn-path', ['somebody']],
    ['cdn-path', Array.from({ length: 65 }, () => 'AS64496:0')],
    ['max-hops', -1],
    ['max-hops', '3'],
  ])('that cannot be read (%s: %j) keeps the object here and from being republished', (member, value) => {
    const { capabilities, diagnostics } = parseAdvertisement({ capabilities: [{ ...delivery, [member]: value }] })
    expect(capabilities).toMatchObject([{ type: 'FCI.DeliveryProtocol', maxHops: 0 }])
    expect(diagnostics).toMatchObject([
      { severity: 'error', code: `${member}-invalid`, pointer: `/capabilities/0/${member}` },
    ])
  })

  it('keeps objects apart that came on different ways, and joins them when it is the same', () => {
    const other = { ...delivery, footprints: [{ 'footprint-type': 'countrycode', 'footprint-value': ['fr'] }] }
    const read = (path: string) =>
      parseAdvertisement({
        capabilities: [
          { ...delivery, 'cdn-path': ['AS64496:0'] },
          { ...other, 'cdn-path': [path] },
        ],
      })
    expect(read('AS64496:0').capabilities).toHaveLength(1)
    expect(read('AS64497:0').capabilities).toHaveLength(2)
    expect(versionOf(read('AS64497:0'))).not.toBe(versionOf(read('AS64498:0')))
  })

  it('stands once on the envelope when all objects have it', () => {
    const model = parseAdvertisement({ 'cdn-path': ['AS64496:0'], 'max-hops': 3, capabilities: [delivery] })
    expect(printAdvertisement(model)).toEqual({ 'cdn-path': ['AS64496:0'], 'max-hops': 3, capabilities: [delivery] })
  })
})
