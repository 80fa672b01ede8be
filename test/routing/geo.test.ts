import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Prefix } from '../../src/fci/prefix.ts'
import { parseAddress, parsePrefix } from '../../src/fci/prefix.ts'
import { loadGeoCsv, parseGeoCsv } from '../../src/routing/geo-csv.ts'
import type { GeoFacts } from '../../src/routing/geo-facts.ts'
import { GeoFileError } from '../../src/routing/geo-file-error.ts'
import { loadGeoMmdb, openGeoMmdb } from '../../src/routing/geo-mmdb.ts'
import type { GeoSource } from '../../src/routing/geo-source.ts'
import { NO_GEO, stackGeoSources } from '../../src/routing/geo-source.ts'
import type { MmdbContent, MmdbValue } from '../support/mmdb-writer.ts'
import { writeMmdb } from '../support/mmdb-writer.ts'

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text)
  if (parsed === undefined) throw new Error(`${text} is no prefix`)
  return parsed
}

function ask(source: GeoSource, text: string): GeoFacts | undefined {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return source.lookup(address)
}

const origin = { path: '/data/geo.csv', name: 'geo.csv', builtAt: 1_700_000_000_000 }
const csv = (text: string): GeoSource => parseGeoCsv(text, origin)

describe('a CSV file', () => {
  test('gives the facts of the longest prefix', () => {
    const source = csv(
      'ip_prefix,country,subdivision,asn\n192.0.0.0/16,DE,,64496\n192.0.2.0/24,US,US-NY,AS64497\n2001:db8::/32,ca,,\n',
    )
    expect(ask(source, '192.0.2.7')).toEqual({ country: 'us', subdivision: 'us-ny', asn: 64497, source: 'geo.csv' })
    expect(ask(source, '192.0.3.7')).toEqual({ country: 'de', asn: 64496, source: 'geo.csv' })
    expect(ask(source, '2001:db8::7')).toEqual({ country: 'ca', source: 'geo.csv' })
    expect(ask(source, '192.1.0.0')).toBeUndefined()
    expect(ask(source, '2001:db9::')).toBeUndefined()
  })

  test('may order its columns at will, have others, blanks, comments, quotes, CRLF and a byte order mark', () => {
    const source = csv('\uFEFF# made by hand\r\nasn,note,IP_Prefix\r\n\r\n64496,"a, ""b""",192.0.2.0/24\r\n')
    expect(ask(source, '192.0.2.1')).toEqual({ asn: 64496, source: 'geo.csv' })
  })

  test('leaves unknown what its longest row leaves blank, and takes the country from the subdivision', () => {
    const source = csv(
      'ip_prefix,country,subdivision\n10.0.0.0/8,us,\n10.1.0.0/16,,\n10.2.0.0/16,,ca-on\n10.3.0.0/16,ZZ,\n',
    )
    expect(ask(source, '10.1.0.1')).toBeUndefined()
    expect(ask(source, '10.3.0.1')).toBeUndefined()
    expect(ask(source, '10.2.0.1')).toEqual({ country: 'ca', subdivision: 'ca-on', source: 'geo.csv' })
  })

  test('may split the facts of one prefix over rows; where they disagree the first stands, with a warning', () => {
    const source = csv('ip_prefix,country,asn\n10.0.0.0/8,us,\n10.0.0.0/8,,64496\n10.0.0.0/8,de,\n')
    expect(ask(source, '10.1.1.1')).toEqual({ country: 'us', asn: 64496, source: 'geo.csv' })
    expect(source.editions[0]?.warnings).toEqual(['10.0.0.0/8 occurs twice with different facts; the first stands'])
  })

  test('says what it is made of', () => {
    const [edition] = csv('ip_prefix,asn\n10.0.0.0/8,1\n').editions
    expect(edition).toMatchObject({ name: 'geo.csv', builtAt: origin.builtAt, entries: 1, warnings: [] })
    expect(edition?.version).not.toBe(csv('ip_prefix,asn\n10.0.0.0/8,2\n').editions[0]?.version)
  })

  test.each([
    ['an empty file', '', 'no rows'],
    ['a header alone', 'ip_prefix,asn\n', 'no rows'],
    ['a row cut off', 'ip_prefix,country,asn\n10.0.0.0/8,us,1\n11.0.0.0/8,u', 'line 3: 2 columns instead of 3'],
    ['a prefix that is none', 'ip_prefix,asn\n10.0.0.0/33,1\n', 'line 2: "10.0.0.0/33" is not an address prefix'],
    ['a prefix cut short', 'ip_prefix,asn\n10.0/8,1\n', 'line 2: "10.0/8" is cut short'],
    ['a country that is none', 'ip_prefix,country\n10.0.0.0/8,usa\n', '"usa" is not a country code'],
    ['a subdivision that is none', 'ip_prefix,subdivision\n10.0.0.0/8,NY\n', '"ny" is not a subdivision code'],
    [
      'a subdivision of another country',
      'ip_prefix,country,subdivision\n10.0.0.0/8,US,CA-ON\n',
      'does not lie in "us"',
    ],
    ['an AS number that is none', 'ip_prefix,asn\n10.0.0.0/8,4294967296\n', 'is not an AS number'],
  ])('with %s is refused with the place and the reason', (_, text, reason) => {
    expect(() => csv(text)).toThrow(GeoFileError)
    expect(() => csv(text)).toThrow(reason)
    expect(() => csv(text)).toThrow('/data/geo.csv')
  })
})

describe('a geofeed', () => {
  test('is read as RFC 8805 has it', () => {
    const source = csv(
      '# feed\n192.0.2.0/25,US,US-AL,,\n192.0.2.5,US,us-al,Alabaster,\n192.0.2.128/25,PL,PL-MZ,"War,saw",02-784\n2001:db8::/32,PL,,,\n',
    )
    expect(ask(source, '192.0.2.6')).toEqual({ country: 'us', subdivision: 'us-al', source: 'geo.csv' })
    expect(ask(source, '192.0.2.200')).toEqual({ country: 'pl', subdivision: 'pl-mz', source: 'geo.csv' })
    expect(ask(source, '2001:db8:1::')).toEqual({ country: 'pl', source: 'geo.csv' })
  })

  test('loses single bad lines with a warning, and is refused when there are many', () => {
    const good = Array.from({ length: 20 }, (_, i) => `10.${i}.0.0/16,US,,,`)
    const source = csv([...good, '10.300.0.0/16,US,,,'].join('\n'))
    expect(source.editions[0]).toMatchObject({ entries: 20, warnings: [expect.stringContaining('line 21')] })
    expect(() => csv([...good, ...Array.from({ length: 5 }, () => '<html>')].join('\n'))).toThrow(
      '5 of 25 lines are no geofeed',
    )
    expect(() => csv('<html>\n<body>\n')).toThrow(GeoFileError)
  })
})

describe('sources in a stack', () => {
  const place = csv('ip_prefix,country\n10.0.0.0/8,us\n11.0.0.0/8,\n')
  const network: GeoSource = {
    ...csv(
      'ip_prefix,country,subdivision,asn\n10.0.0.0/8,ca,ca-on,64496\n10.1.0.0/16,us,us-ny,64497\n11.0.0.0/8,de,de-by,1\n',
    ),
    name: 'b',
  }

  test('give each fact from the first that knows it, and no subdivision of another country', () => {
    const stack = stackGeoSources([place, network])
    expect(ask(stack, '10.0.0.1')).toEqual({ country: 'us', asn: 64496, source: 'geo.csv+geo.csv' })
    expect(ask(stack, '10.1.0.1')).toMatchObject({ country: 'us', subdivision: 'us-ny', asn: 64497 })
    expect(ask(stack, '11.0.0.1')).toEqual({ country: 'de', subdivision: 'de-by', asn: 1, source: 'geo.csv' })
    expect(ask(stack, '12.0.0.1')).toBeUndefined()
    expect(stack.editions).toHaveLength(2)
  })

  test('know nothing when there are none', () => {
    expect(ask(NO_GEO, '10.0.0.1')).toBeUndefined()
  })
})

describe('files on disk', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'geo-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  test('are loaded with their name and age', async () => {
    const path = join(folder, 'own.csv')
    await writeFile(path, 'ip_prefix,asn\n10.0.0.0/8,64496\n')
    const source = await loadGeoCsv(path)
    expect(ask(source, '10.0.0.1')).toEqual({ asn: 64496, source: 'own.csv' })
    expect(Date.now() - (source.editions[0]?.builtAt ?? 0)).toBeLessThan(60_000)
    expect((await loadGeoCsv(path, { name: 'mine' })).name).toBe('mine')
  })

  test('are refused when they are missing or no text', async () => {
    const path = join(folder, 'binary.csv')
    await writeFile(path, Buffer.from([0x31, 0xff, 0xfe]))
    await expect(loadGeoCsv(path)).rejects.toThrow('it is not UTF-8')
    await expect(loadGeoCsv(join(folder, 'none.csv'))).rejects.toThrow(GeoFileError)
    await expect(loadGeoMmdb(join(folder, 'none.mmdb'))).rejects.toThrow(GeoFileError)
    await expect(loadGeoMmdb(path)).rejects.toThrow('no MaxMind DB')
  })

  test('in MaxMind form are loaded', async () => {
    const path = join(folder, 'own.mmdb')
    await writeFile(path, database({ country: { iso_code: 'US' } }))
    expect(ask(await loadGeoMmdb(path), '192.0.2.1')).toEqual({ country: 'us', source: 'own.mmdb' })
  })
})

function database(record: MmdbValue, options: Partial<MmdbContent> = {}): Buffer {
  return writeMmdb({
    entries: [{ prefix: prefix('192.0.2.0/24'), record }],
    recordSize: 24,
    ipVersion: 6,
    buildEpoch: 1_700_000_000,
    databaseType: 'Test-City',
    ...options,
  })
}

describe('a MaxMind DB', () => {
  const open = (file: Buffer): GeoSource => openGeoMmdb(file, { path: '/data/x.mmdb', name: 'x' })

  test.each([
    [
      'GeoLite2 and DB-IP city',
      { country: { iso_code: 'US' }, subdivisions: [{ iso_code: 'NY' }] },
      { country: 'us', subdivision: 'us-ny' },
    ],
    [
      'GeoLite2 and DB-IP ASN',
      { autonomous_system_number: 64496, autonomous_system_organization: 'x' },
      { asn: 64496 },
    ],
    ['IPinfo', { country: 'US', asn: 'AS64496' }, { country: 'us', asn: 64496 }],
    ['flat country codes', { country_code: 'US', country: 'United States' }, { country: 'us' }],
    [
      'subdivisions without a code',
      { country: { iso_code: 'US' }, subdivisions: [{ geoname_id: 1 }] },
      { country: 'us' },
    ],
  ])('of the form of %s is understood', (_, record, facts) => {
    expect(ask(open(database(record)), '192.0.2.1')).toEqual({ ...facts, source: 'x' })
    expect(ask(open(database(record)), '192.0.3.1')).toBeUndefined()
  })

  test.each([24, 28, 32] as const)(
    'with records of %i bits gives the facts of the longest prefix, in both families',
    (recordSize) => {
      const entries = [
        '192.0.0.0/16 de',
        '192.0.2.0/24 us',
        '2001:db8::/32 ca',
        '2001:db8:1::/48 fr',
        '0.0.0.0/8 jp',
      ].map((line) => {
        const [text = '', code = ''] = line.split(' ')
        return { prefix: prefix(text), record: { country: { iso_code: code } } }
      })
      const source = open(database('', { entries, recordSize }))
      const countries = ['192.0.2.1', '192.0.3.1', '2001:db8:1::1', '2001:db8:2::1', '0.1.2.3', '193.0.0.0'].map(
        (text) => ask(source, text)?.country,
      )
      expect(countries).toEqual(['us', 'de', 'fr', 'ca', 'jp', undefined])
    },
  )

  test('of IPv4 alone knows nothing of IPv6', () => {
    const source = open(database({ country: 'us' }, { ipVersion: 4 }))
    expect(ask(source, '192.0.2.1')?.country).toBe('us')
    expect(ask(source, '2001:db8::1')).toBeUndefined()
  })

  test('says what it is made of', () => {
    expect(open(database({ country: 'us' })).editions).toMatchObject([
      { name: 'x', version: 'Test-City 2023-11-14T22:13:20.000Z', builtAt: 1_700_000_000_000 },
    ])
  })

  test('whose tree leads to the same nodes again and again is refused, and soon', () => {
    const file = database('', { entries: [{ prefix: prefix('2001:db8::1/128'), record: { country: 'us' } }] })
    for (let node = 0; node < 128; node++) {
      const [left, right] = [file.readUIntBE(node * 6, 3), file.readUIntBE(node * 6 + 3, 3)]
      const child = left === 128 ? right : left
      file.writeUIntBE(child, node * 6, 3)
      file.writeUIntBE(child, node * 6 + 3, 3)
    }
    expect(() => open(file)).toThrow('the search tree leads to the same nodes again and again')
  })

  test('that knows nothing routing asks for is refused', () => {
    expect(() => open(database({ city: 'x' }))).toThrow('no record holds a country or an AS number')
  })

  test('cut off anywhere is refused', () => {
    const file = database({ country: { iso_code: 'US' }, subdivisions: [{ iso_code: 'NY' }] })
    for (let length = 0; length < file.length; length++) {
      expect(() => open(Buffer.from(file.subarray(0, length)))).toThrow(GeoFileError)
    }
  })

  test('with bytes missing in the middle is refused', () => {
    const file = database({ country: 'us' })
    for (const [from, to] of [
      [0, 6],
      [0, 60],
      [100, 400],
      [file.indexOf('MaxMind') - 40, file.indexOf('MaxMind') - 3],
    ]) {
      expect(() => open(Buffer.concat([file.subarray(0, from), file.subarray(to)]))).toThrow(GeoFileError)
    }
  })

  test('with any byte changed is refused or answers without a throw', () => {
    const file = database({ country: { iso_code: 'US' }, asn: 64496 })
    for (let at = 0; at < file.length; at++) {
      const damaged = Buffer.from(file)
      damaged.writeUInt8(file.readUInt8(at) ^ 0xff, at)
      let source: GeoSource
      try {
        source = open(damaged)
      } catch (error) {
        expect(error).toBeInstanceOf(GeoFileError)
        continue
      }
      for (const text of ['192.0.2.1', '0.0.0.0', '2001:db8::1']) ask(source, text)
    }
  })
})
