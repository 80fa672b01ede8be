import { describe, expect, test } from 'vitest'
import type { SourcedFacts } from '../../src/fci/footprint-source.ts'
import type { ClientFacts } from '../../src/fci/match-footprint.ts'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import { buildFootprintIndex } from '../../src/routing/footprint-index.ts'

const address = { version: 4 as const, value: 0xc0000207n }
const FEED = source('rfc8805', 'https://noc.example/geo.csv', 'country', 'subdivisioncode')
const DATABASE = source('private', 'https://db.example', 'asn', 'country')

function source(type: string, uri: string, ...facts: readonly string[]) {
  return {
    'footprint-source-type': type,
    'footprint-source-uri': uri,
    'footprint-source-footprint-type': facts,
  }
}

function object(type: string, values: readonly unknown[], ...sources: readonly unknown[]) {
  return { 'footprint-type': type, 'footprint-value': values, 'footprint-source': sources }
}

/** How a list of Footprint objects lets a client in, by plain matching and by the index, which must agree. */
function matchOf(footprints: readonly unknown[], client: Omit<ClientFacts, 'address'>): string | undefined {
  const { capabilities } = parseAdvertisement({
    capabilities: [{ 'capability-type': 'FCI.X', 'capability-value': 1, footprints }],
  })
  const footprint = capabilities[0]?.footprint
  if (footprint === undefined) throw new Error('nothing was read')
  const match = matchFootprint(footprint, { address, ...client })
  expect(buildFootprintIndex(footprint).match({ address, ...client })).toEqual(match)
  return match && `${match.type} ${match.value}`
}

/** Sources by URI; together the first that knows a fact. */
function under(known: Readonly<Record<string, SourcedFacts>>): NonNullable<ClientFacts['under']> {
  return (sources) => sources.reduce<SourcedFacts>((facts, { uri }) => ({ ...known[uri], ...facts }), {})
}

describe('a footprint that names its sources', () => {
  const us = [object('countrycode', ['us'], FEED)]

  test.each<[string, readonly unknown[], Omit<ClientFacts, 'address'>, string | undefined]>([
    ['by them', us, { under: under({ 'https://noc.example/geo.csv': { country: 'us' } }) }, 'countrycode us'],
    [
      'by them against the facts of others',
      us,
      { country: 'ca', under: under({ 'https://noc.example/geo.csv': { country: 'us' } }) },
      'countrycode us',
    ],
    [
      'not by the facts of others',
      us,
      { country: 'us', under: under({ 'https://noc.example/geo.csv': { country: 'ca' } }) },
      undefined,
    ],
    ['not by the facts of others where they know nothing', us, { country: 'us', under: under({}) }, undefined],
    ['not where no source is at hand', us, { country: 'us' }, undefined],
    [
      'not by a fact that they are not said to give',
      [object('asn', ['as64496'], FEED)],
      { asn: 64496, under: under({ 'https://noc.example/geo.csv': { asn: 64496 } }) },
      undefined,
    ],
    [
      'by several together',
      [object('subdivisioncode', ['us-ny'], DATABASE, FEED)],
      { under: under({ 'https://noc.example/geo.csv': { subdivision: 'us-ny' }, 'https://db.example': { asn: 1 } }) },
      'subdivisioncode us-ny',
    ],
    [
      'beside what any source may say',
      [object('countrycode', ['us'], FEED), { 'footprint-type': 'asn', 'footprint-value': ['as1'] }],
      { asn: 1, under: under({ 'https://noc.example/geo.csv': { country: 'us' } }) },
      'asn as1',
    ],
    [
      'in an expression, whose addresses need no source',
      [object('expr', ['ep.ipv4addr ipmatch "192.0.2.0/24" and not ( ep.country == "ca" )'], FEED)],
      { country: 'ca', under: under({ 'https://noc.example/geo.csv': { country: 'us' } }) },
      'ipv4cidr 192.0.2.0/24',
    ],
    [
      'in an expression not, while a fact is unknown to them',
      [object('expr', ['not ( ep.country == "ca" )'], FEED)],
      { country: 'us', under: under({}) },
      undefined,
    ],
    [
      'as members of a union that names them',
      [
        {
          'footprint-type': 'footprintunion',
          'footprint-value': [{ 'footprint-type': 'countrycode', 'footprint-value': ['us'] }],
          'footprint-source': [FEED],
        },
      ],
      { country: 'us', under: under({ 'https://noc.example/geo.csv': { country: 'ca' } }) },
      undefined,
    ],
  ])('holds a client %s', (_, footprints, client, expected) => {
    expect(matchOf(footprints, client)).toBe(expected)
  })
})
