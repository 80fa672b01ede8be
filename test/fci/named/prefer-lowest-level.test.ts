import { describe, expect, test } from 'vitest'
import { matchFootprint } from '../../../src/fci/match-footprint.ts'
import { effectiveCapabilities } from '../../../src/fci/merge-capabilities.ts'
import { buildNamedRegistry } from '../../../src/fci/named/named-registry.ts'
import { parseNamedDocument } from '../../../src/fci/named/read-named-document.ts'
import { resolveNamed } from '../../../src/fci/named/resolve-named.ts'
import { parseAdvertisement } from '../../../src/fci/parse-advertisement.ts'
import { parseAddress } from '../../../src/fci/prefix.ts'

const URI = 'https://dcdn.example/footprints'
const FETCHED = Date.parse('2029-01-01T00:00:00Z')

function named(name: string, type: string, value: string, subfootprints: readonly unknown[] = []) {
  return {
    'footprint-name': name,
    'footprint-uri': `${URI}/${name}`,
    'footprint-expires': '2030-01-01T00:00:00Z',
    'footprint-def': { 'footprint-type': type, 'footprint-value': [value] },
    subfootprints,
  }
}

const registry = buildNamedRegistry(
  [
    {
      document: parseNamedDocument(
        named('us', 'countrycode', 'us', [
          named('ny', 'subdivisioncode', 'us-ny', [named('edge', 'ipv4cidr', '192.0.2.0/25')]),
        ]),
      ),
      fetchedAt: FETCHED,
    },
  ],
  0,
)

function target(footprint: string, host: string | undefined, hosts: readonly string[] = []) {
  return {
    'capability-type': 'FCI.RedirectTarget',
    'capability-value': {
      ...(hosts.length > 0 && { 'redirecting-hosts': hosts }),
      ...(host !== undefined && { 'dns-target': { host } }),
    },
    footprints: [{ 'footprint-type': 'named', 'footprint-value': [`${URI}/${footprint}`] }],
  }
}

/** The DNS targets that count for a client, the first being the one taken. */
function targetsFor(capabilities: readonly unknown[], client: object): readonly (string | undefined)[] {
  const address = parseAddress('192.0.2.7')
  if (address === undefined) throw new Error('no address')
  const { advertisement } = resolveNamed(parseAdvertisement({ capabilities }), registry, FETCHED)
  const facts = { address, ...client }
  const holding = advertisement.capabilities.filter(({ footprint }) => matchFootprint(footprint, facts) !== undefined)
  return effectiveCapabilities(holding).redirectTargets.map(({ dnsTarget }) => dnsTarget?.host)
}

describe('of redirect targets for the same hosts', () => {
  const ny = { country: 'us', subdivision: 'us-ny' }
  const elsewhere = parseAddress('198.51.100.1')

  test('the one for the lower-level footprint counts, in whichever order they stand', () => {
    const all = [target('us', 'us.example'), target('ny', 'ny.example'), target('edge', 'edge.example')]
    for (const capabilities of [all, [...all].reverse()]) {
      expect(targetsFor(capabilities, ny)[0]).toBe('edge.example')
      expect(targetsFor(capabilities, { ...ny, address: elsewhere })[0]).toBe('ny.example')
      expect(targetsFor(capabilities, { country: 'us', address: elsewhere })).toEqual(['us.example'])
    }
  })

  test('the lower-level one is the only one where the footprints can say so', () => {
    expect(targetsFor([target('us', 'us.example'), target('edge', 'edge.example')], ny)).toEqual(['edge.example'])
    expect(targetsFor([target('us', 'us.example'), target('edge', undefined)], ny)).toEqual([undefined])
  })

  test('nothing changes for other hosts, or between footprints side by side', () => {
    const forOthers = [target('us', 'us.example', ['a.example']), target('edge', 'edge.example', ['b.example'])]
    expect(targetsFor(forOthers, ny)).toEqual(['us.example', 'edge.example'])
    expect(targetsFor([target('us', 'a.example'), target('us', 'b.example')], ny)).toEqual(['a.example', 'b.example'])
  })
})
