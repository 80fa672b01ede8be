import { describe, expect, test } from 'vitest'
import { isLocationAllowed, readLocationRules } from '../../src/fci/location-rules.ts'
import { parseAddress } from '../../src/fci/prefix.ts'

function client(text: string, facts: object = {}) {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return { address, ...facts }
}

function footprint(type: string, ...values: readonly string[]) {
  return { 'footprint-type': type, 'footprint-value': values }
}

/** RFC 8006 6.10, whose four types are alternatives here. */
const EXAMPLE = {
  'generic-metadata-type': 'MI.LocationACL',
  'generic-metadata-value': {
    locations: [
      {
        action: 'deny',
        footprints: [
          footprint('ipv4cidr', '192.0.2.0/24', '198.51.100.0/24'),
          footprint('ipv6cidr', '2001:db8::/32'),
          footprint('countrycode', 'ca'),
          footprint('asn', 'as64500'),
        ],
      },
      { action: 'allow', footprints: [footprint('countrycode', 'us', 'ca')] },
    ],
  },
}

describe('a LocationACL', () => {
  test.each([
    ['an address of a rule that denies', client('192.0.2.7', { country: 'us' }), false],
    ['an address of the other family', client('2001:db8::1', { country: 'us' }), false],
    ['a country of a rule that denies, before one that allows it', client('203.0.113.1', { country: 'ca' }), false],
    ['an AS number of a rule that denies', client('203.0.113.1', { country: 'us', asn: 64500 }), false],
    ['a country that is allowed', client('203.0.113.1', { country: 'us' }), true],
    ['whom no rule holds for', client('203.0.113.1', { country: 'de' }), false],
    ['of whom nothing is known', client('203.0.113.1'), false],
  ])('decides by the first rule of whose footprints any holds: %s', (_, who, allowed) => {
    const acl = readLocationRules(EXAMPLE)
    expect(acl.diagnostics).toEqual([])
    expect(isLocationAllowed(acl, who)).toBe(allowed)
  })

  test.each<[string, unknown, boolean, readonly string[]]>([
    ['without list lets everybody in', {}, true, []],
    ['with an empty list lets nobody in', { locations: [] }, false, []],
    ['that is no object lets nobody in', 7, false, ['location-acl-invalid']],
    ['of which the list is none lets nobody in', { locations: {} }, false, ['location-acl-invalid']],
    ['denies by default', { locations: [{ footprints: [footprint('countrycode', 'us')] }] }, false, []],
    [
      'lets nobody pass a rule that cannot be read',
      { locations: [{ action: 'deny' }, { action: 'allow', footprints: [footprint('countrycode', 'us')] }] },
      false,
      ['location-rule-invalid'],
    ],
    [
      'lets nobody pass an action that is none',
      { locations: [{ action: 'Allow', footprints: [footprint('countrycode', 'us')] }] },
      false,
      ['location-action-invalid'],
    ],
    [
      'lets nobody pass a rule that denies clients of an unknown type',
      {
        locations: [
          { action: 'deny', footprints: [footprint('x-gps', '0,0')] },
          { action: 'allow', footprints: [footprint('countrycode', 'us')] },
        ],
      },
      false,
      ['footprint-type-unknown'],
    ],
    [
      'lets nobody pass a rule that denies clients of a broken value',
      {
        locations: [
          { action: 'deny', footprints: [footprint('asn', 'sixty')] },
          { action: 'allow', footprints: [footprint('countrycode', 'us')] },
        ],
      },
      false,
      ['asn-invalid', 'footprint-empty'],
    ],
    [
      'looks further behind a rule that allows clients of an unknown type',
      {
        locations: [
          { action: 'allow', footprints: [footprint('x-gps', '0,0')] },
          { action: 'allow', footprints: [footprint('countrycode', 'us')] },
        ],
      },
      true,
      ['footprint-type-unknown'],
    ],
  ])('%s', (_, value, allowed, codes) => {
    const acl = readLocationRules(value)
    expect(acl.diagnostics.map(({ code }) => code)).toEqual(codes)
    expect(isLocationAllowed(acl, client('203.0.113.1', { country: 'us' }))).toBe(allowed)
  })

  test('is bounded in its rules', () => {
    expect(() => readLocationRules({ locations: Array.from({ length: 10_001 }, () => ({})) })).toThrow(
      expect.objectContaining({ fault: 'too-large', pointer: '/locations' }),
    )
  })
})
