import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatAddress } from '../../src/fci/prefix.ts'
import { describeClient } from '../../src/routing/client.ts'
import { parseGeoCsv } from '../../src/routing/geo-csv.ts'
import { NO_GEO } from '../../src/routing/geo-source.ts'
import { clientPrefixKey } from '../../src/routing/routing-key.ts'
import { anyAddress } from '../support/fci-arbitraries.ts'

const geo = parseGeoCsv('ip_prefix,country,subdivision,asn\n192.0.2.0/24,us,us-ny,64496\n', {
  path: 'x',
  name: 'x',
  builtAt: 0,
})

describe('describeClient', () => {
  test.each([
    ['192.0.2.33', '192.0.2.33'],
    ['::ffff:192.0.2.33', '192.0.2.33'],
    ['::FFFF:C000:221', '192.0.2.33'],
    ['64:ff9b::192.0.2.33', '192.0.2.33'],
    ['2002:c000:221::1', '192.0.2.33'],
    ['2001:0:4136:e378:8000:63bf:3fff:fdde', '192.0.2.33'],
    ['2001:DB8::0:1', '2001:db8::1'],
    ['64:ff9b:1::192.0.2.33', '64:ff9b:1::c000:221'],
    ['::192.0.2.33', '::c000:221'],
    ['2001:1::1', '2001:1::1'],
  ])('takes %s for the client %s', (text, canonical) => {
    expect(describeClient(text, NO_GEO)).toMatchObject({
      text: canonical,
      address: { version: canonical.includes(':') ? 6 : 4 },
    })
  })

  test('adds the facts of the reduced address', () => {
    expect(describeClient('2002:c000:221::1', geo)).toMatchObject({
      country: 'us',
      subdivision: 'us-ny',
      asn: 64496,
      source: 'x',
    })
    expect(describeClient('192.0.3.1', geo)).not.toHaveProperty('country')
  })

  test.each([
    ['fe80::1%eth0', 'zone id'],
    ['192.0.2.1:443', 'brackets or a port'],
    ['[2001:db8::1]', 'brackets or a port'],
    ['[2001:db8::1]:443', 'brackets or a port'],
    ['192.0.2.0/24', 'is a prefix'],
    ['192.0.2.01', 'is not an IP address'],
    [' 192.0.2.1', 'is not an IP address'],
    ['', 'is not an IP address'],
    ['example.com', 'is not an IP address'],
  ])('refuses %j: %s', (text, reason) => {
    expect(describeClient(text, geo)).toEqual({ invalid: expect.stringContaining(reason) })
  })

  test('never throws and keeps its reasons short', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ minLength: 500 })), (text) => {
        const client = describeClient(text, geo)
        if ('invalid' in client) expect(client.invalid.length).toBeLessThan(500)
      }),
    )
  })

  test('gives a text that describes the same client', () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        const client = describeClient(formatAddress(address), geo)
        if ('invalid' in client) throw new Error(client.invalid)
        expect(describeClient(client.text, geo)).toEqual(client)
      }),
    )
  })
})

test('clients of one /24 or /48 share a key', () => {
  expect(clientPrefixKey({ version: 4, value: 0xc0000221n })).toBe('192.0.2.0/24')
  expect(clientPrefixKey({ version: 6, value: 0x20010db8000100020000000000000001n })).toBe('2001:db8:1::/48')
})
