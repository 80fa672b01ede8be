import { describe, expect, it, test } from 'vitest'
import { compareMatches, type FootprintMatch, matchFootprint } from '../../src/fci/match-footprint.ts'
import { deliveryFootprint, moqFootprint } from '../../src/fci/moq-capability.ts'
import { buildNamedRegistry } from '../../src/fci/named/named-registry.ts'
import { parseNamedDocument } from '../../src/fci/named/read-named-document.ts'
import { resolveNamed } from '../../src/fci/named/resolve-named.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import { readPrefix } from '../../src/fci/read-prefix.ts'
import { footprintUri, GEOFEED_PATH } from '../../src/lab/footprint-endpoint.ts'
import { type LabCdnName, labPublication } from '../../src/lab/footprints.ts'
import { GEO_SAMPLE, geoSampleCsv } from '../../src/lab/geo-sample.ts'
import { parseGeoCsv } from '../../src/routing/geo-csv.ts'
import { factsUnder, type SourceTables, sourceKey, tableUnder } from '../../src/routing/geo-table.ts'
import { lintGeofeed } from '../../src/routing/geofeed-lint.ts'

const geo = parseGeoCsv(geoSampleCsv(), { path: 'geo.csv', name: 'geo.csv', builtAt: 0 })

// As the lab publishes it, but for TLS, which nobody needs on one machine.
const ORIGIN = 'https://cdn.example'
const NAMES: readonly LabCdnName[] = ['cdn-a', 'cdn-b', 'cdn-c']

/** What the CDN advertises, with its named footprints in place. */
function resolved(name: LabCdnName) {
  const { advertisement, footprints } = labPublication(name, ORIGIN)
  const documents = footprints.map((one) => ({
    document: parseNamedDocument({
      'footprint-name': one.name,
      'footprint-uri': footprintUri(ORIGIN, one.namespace, one.name),
      'footprint-expires': '2099-01-01T00:00:00Z',
      'footprint-def': one.definition,
    }),
    fetchedAt: 0,
  }))
  return resolveNamed(parseAdvertisement(advertisement), buildNamedRegistry(documents, 0), 0)
}

/** By the geofeed of the CDN, if it has one. */
function tablesOf(name: LabCdnName): SourceTables {
  const { geofeed } = labPublication(name, ORIGIN)
  if (geofeed === undefined) return new Map()
  const uri = `${ORIGIN}${GEOFEED_PATH}`
  return new Map([
    [sourceKey({ type: 'rfc8805', uri }), parseGeoCsv(geofeed, { path: uri, name: uri, builtAt: 0 }).table],
  ])
}

/** Which CDN lets the client in most specifically, and by what; with those that let it in too. */
function serve(text: string): { readonly best: string; readonly by: string; readonly others: readonly string[] } {
  const address = addressOf(text)
  const matches = NAMES.flatMap((name) => {
    const under = factsUnder(address, (sources) => tableUnder(sources, tablesOf(name)))
    const client = { address, ...geo.lookup(address), under }
    const footprint = moqFootprint(resolved(name).advertisement)
    const match = footprint && matchFootprint(footprint, client)
    return match === undefined ? [] : [{ name, match }]
  })
  const [best, ...others] = matches.toSorted((a, b) => compareMatches(a.match, b.match))
  return { best: best?.name ?? 'nobody', by: describeMatch(best?.match), others: others.map(({ name }) => name) }
}

function addressOf(text: string) {
  const { prefix } = readPrefix(text)
  if (prefix === undefined) throw new Error(`not an address: ${text}`)
  return { version: prefix.version, value: prefix.value }
}

function describeMatch(match: FootprintMatch | undefined): string {
  return match === undefined ? 'nothing' : `${match.type} ${match.value}`
}

describe('the advertisements of the lab', () => {
  it.each(NAMES)('of %s need no repair', (name) => {
    const { advertisement, unresolved } = resolved(name)
    expect(unresolved).toEqual([])

    expect(advertisement.diagnostics).toEqual([])
    expect(new Set(advertisement.capabilities.map(({ type }) => type))).toEqual(
      new Set(['FCI.DeliveryProtocol', 'FCI.RedirectionMode', 'FCI.PrivateFeatures']),
    )
    expect(moqFootprint(advertisement)).toEqual(deliveryFootprint(advertisement))
  })

  it.each([
    ['a longer prefix wins', '192.0.2.70', 'cdn-b', 'ipv4cidr 192.0.2.64/27', ['cdn-a', 'cdn-c']],
    ['beside it the shorter one holds', '192.0.2.100', 'cdn-a', 'ipv4cidr 192.0.2.0/24', ['cdn-c']],
    ['a longer IPv6 prefix wins', '2001:db8:2::7', 'cdn-b', 'ipv6cidr 2001:db8:2::/48', ['cdn-a', 'cdn-c']],
    ['a cache in California', '198.51.100.70', 'cdn-c', 'ipv4cidr 198.51.100.64/26', ['cdn-b']],
    ['a prefix before an AS number', '192.0.2.130', 'cdn-a', 'ipv4cidr 192.0.2.0/24', ['cdn-b', 'cdn-c']],
    ['AS number and subdivision together', '198.51.100.7', 'cdn-b', 'ipv4cidr 198.51.100.0/24', ['cdn-a', 'cdn-c']],
    ['one prefix, one CDN', '203.0.113.200', 'cdn-c', 'ipv4cidr 203.0.113.0/24', []],
    ['country alone, Europe', '2001:db8:f001::1', 'cdn-a', 'countrycode es', ['cdn-c']],
    ['country alone, North America', '2001:db8:f002::1', 'cdn-b', 'countrycode us', ['cdn-c']],
    ['country alone, Asia', '2001:db8:f003::1', 'cdn-c', 'countrycode in', []],
    ['AS number alone', '2001:db8:f004::1', 'cdn-c', 'asn as64511', []],
    ["a network that only cdn-b's geofeed knows", '2001:db8:f005::7', 'cdn-b', 'countrycode cl', ['cdn-c']],
    ['the rest of the world', '127.0.0.1', 'cdn-c', 'ipv4cidr 0.0.0.0/0', []],
  ])('show %s: %s', (_, client, best, by, others) => {
    expect(serve(client)).toEqual({ best, by, others })
  })
})

describe('the geographic sample', () => {
  it('is read whole, without a warning', () => {
    expect(geo.editions[0]).toMatchObject({ entries: GEO_SAMPLE.length, warnings: [] })
  })

  it('finds country, subdivision and AS number of a documentation address', () => {
    expect(geo.lookup(addressOf('198.51.100.7'))).toMatchObject({ country: 'us', subdivision: 'us-ny', asn: 64500 })
  })

  it('uses documentation prefixes and AS numbers alone', () => {
    for (const { prefix, asn } of GEO_SAMPLE) {
      expect(prefix).toMatch(/^(192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|2001:db8:)/)
      expect(asn).toBeGreaterThanOrEqual(64_496)
      expect(asn).toBeLessThanOrEqual(64_511)
    }
  })
})

test('the geofeed of cdn-b has nothing to remark', () => {
  expect(lintGeofeed(labPublication('cdn-b', ORIGIN).geofeed ?? '', 'cdn-b').findings).toEqual([])
})
