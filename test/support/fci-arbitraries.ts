import fc from 'fast-check'
import type { AdvertisedCapability, Advertisement } from '../../src/fci/advertisement.ts'
import type { Conjunction, Footprint, SourcedConstraint } from '../../src/fci/footprint.ts'
import { canonicalConjunction, footprintOf, GLOBAL } from '../../src/fci/footprint-algebra.ts'
import type { FootprintSource, SourcedFacts } from '../../src/fci/footprint-source.ts'
import type { ClientFacts } from '../../src/fci/match-footprint.ts'
import type { Address, Prefix } from '../../src/fci/prefix.ts'
import { prefixOf } from '../../src/fci/prefix.ts'

export const anyAddress: fc.Arbitrary<Address> = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }).map((value): Address => ({ version: 4, value })),
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value): Address => ({ version: 6, value })),
)

export const anyPrefix: fc.Arbitrary<Prefix> = fc
  .tuple(anyAddress, fc.nat({ max: 128 }))
  .map(([address, length]) => prefixOf(address, address.version === 4 ? length % 33 : length))

// A small world, so that prefixes nest and clients fall into them.
export const closeAddress: fc.Arbitrary<Address> = fc.oneof(
  fc.nat({ max: 255 }).map((low): Address => ({ version: 4, value: 0xc0000200n | BigInt(low) })),
  fc.nat({ max: 255 }).map((low): Address => ({ version: 6, value: (0x20010db8n << 96n) | BigInt(low) })),
  fc.constantFrom<Address>({ version: 4, value: 0n }, { version: 6, value: 0n }),
  fc.constantFrom<Address>({ version: 4, value: (1n << 32n) - 1n }, { version: 6, value: (1n << 128n) - 1n }),
)

export const closePrefix: fc.Arbitrary<Prefix> = fc
  .tuple(closeAddress, fc.oneof(fc.integer({ min: 0, max: 8 }), fc.constantFrom(24, 32)))
  .map(([address, fromEnd]) => prefixOf(address, Math.max(0, (address.version === 4 ? 32 : 128) - fromEnd)))

const asn = fc.constantFrom(64496, 64497, 64498)
const subdivision = fc.constantFrom('us-ny', 'us-nj', 'ca-on')
const country = fc.constantFrom('us', 'ca', 'de')

export const FEED: FootprintSource = {
  type: 'rfc8805',
  uri: 'https://noc.example/geo.csv',
  facts: ['country', 'subdivision'],
}
export const DATABASE: FootprintSource = { type: 'private', uri: 'https://db.example', facts: ['asn', 'country'] }

const factsUnderSource: fc.Arbitrary<SourcedFacts> = fc.record({ asn, country, subdivision }, { requiredKeys: [] })

/** What two sources say of one client, together the database first: the order of a list has no meaning. */
const anyUnder = fc.tuple(factsUnderSource, factsUnderSource).map(
  ([feed, database]): NonNullable<ClientFacts['under']> =>
    (sources) => {
      const types = new Set(sources.map(({ type }) => type))
      return { ...(types.has('rfc8805') ? feed : {}), ...(types.has('private') ? database : {}) }
    },
)

export const closeClient: fc.Arbitrary<ClientFacts> = fc.record(
  { address: closeAddress, asn, country, subdivision, under: anyUnder },
  { requiredKeys: ['address'] },
)

const unknownConstraint = fc.oneof(
  fc.record({
    type: fc.constantFrom('altopid', 'x-gps'),
    value: fc.array(fc.constantFrom('a', 'b'), { minLength: 1 }),
  }),
  fc.record({
    type: fc.constantFrom('asn', 'x-gps', 'named'),
    value: fc.array(fc.constantFrom('as64496'), { minLength: 1 }),
    source: fc.constant([{ 'footprint-source-type': 'x-dns', 'footprint-source-uri': 'dns.example' }]),
  }),
)

const namedClause = fc.array(
  fc.constantFrom('https://dcdn.example/footprints/a', 'https://dcdn.example/footprints/b', 'https://dcdn.example/c'),
  { minLength: 1, maxLength: 2 },
)

const excluded = fc.record(
  {
    prefixes: fc.array(closePrefix, { maxLength: 3 }),
    asns: fc.array(asn, { maxLength: 2 }),
    countries: fc.array(country, { maxLength: 2 }),
    subdivisions: fc.array(subdivision, { maxLength: 2 }),
  },
  { requiredKeys: [] },
)

// As `printExpression` gives them, and nothing that lists of values could say.
const expression = fc.constantFrom(
  'ep.asn < 64497',
  'not ( ep.country globmatch "u*" )',
  '( ep.asn % 2 ) == 0',
  'ep.subdivision == ( ep.country . "-ny" )',
)

/** Without any constraint a conjunction is none, and nobody can hand one in. */
function saysSomething(conjunction: Conjunction): boolean {
  return Object.values(conjunction).some((constraint) => Object.keys(constraint).length > 0)
}

const sourcedConstraint: fc.Arbitrary<SourcedConstraint> = fc.record({
  sources: fc.constantFrom([FEED], [DATABASE], [FEED, DATABASE], [DATABASE, FEED]),
  within: fc
    .array(
      fc
        .record(
          {
            asns: fc.array(asn, { minLength: 1, maxLength: 2 }),
            countries: fc.array(country, { minLength: 1, maxLength: 2 }),
            subdivisions: fc.array(subdivision, { minLength: 1, maxLength: 2 }),
            excluded,
            expressions: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(expression, { maxLength: 1 })),
          },
          { requiredKeys: [] },
        )
        .filter(saysSomething),
      { minLength: 1, maxLength: 2, size: 'xsmall' },
    )
    .map((anyOf): Footprint => ({ kind: 'some', anyOf })),
})

const nothingMore: Pick<Conjunction, 'named' | 'sourced'> = {}

const anyConjunction: fc.Arbitrary<Conjunction> = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: fc.constant(nothingMore) },
      { weight: 2, arbitrary: fc.record({ sourced: fc.array(sourcedConstraint, { minLength: 1, maxLength: 2 }) }) },
      { weight: 1, arbitrary: fc.record({ named: fc.array(namedClause, { minLength: 1, maxLength: 2 }) }) },
    ),
    fc.record(
      {
        prefixes: fc.array(closePrefix, { minLength: 1, maxLength: 6 }),
        asns: fc.array(asn, { minLength: 1, maxLength: 3 }),
        countries: fc.array(country, { minLength: 1, maxLength: 3 }),
        subdivisions: fc.array(subdivision, { minLength: 1, maxLength: 3 }),
        excluded,
        expressions: fc.array(expression, { maxLength: 2 }),
        unknown: fc.array(unknownConstraint, { minLength: 1, maxLength: 1 }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([more, conjunction]): Conjunction => ({ ...conjunction, ...more }))
  .filter((conjunction) => canonicalConjunction(conjunction) !== undefined)

/** Conjunctions as someone may hand them in: unsorted, repeated, overlapping. */
export const anyConjunctions: fc.Arbitrary<readonly Conjunction[]> = fc.array(anyConjunction, {
  minLength: 1,
  maxLength: 5,
})

/** Canonical footprints that let at least somebody in, or everybody. */
export const anyFootprint: fc.Arbitrary<Footprint> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(GLOBAL) },
  { weight: 6, arbitrary: anyConjunctions.map(footprintOf) },
)

/** Of few conjunctions, so that products of several stay small. */
export const smallFootprint: fc.Arbitrary<Footprint> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(GLOBAL) },
  { weight: 9, arbitrary: fc.array(anyConjunction, { minLength: 1, maxLength: 2 }).map(footprintOf) },
)

const names = fc
  .uniqueArray(fc.constantFrom('http/1.1', 'https/1.1', 'moqt'), { maxLength: 3 })
  .map((list) => list.sort())

const path = {
  cdnPath: fc.array(fc.constantFrom('AS64496:0', 'AS64497:edge', 'AS64498:a.b'), { maxLength: 3 }),
  maxHops: fc.nat({ max: 3 }),
}
const requiredKeys: ('type' | 'value' | 'footprint')[] = ['type', 'value', 'footprint']

const mergeableCapability: fc.Arbitrary<AdvertisedCapability> = fc.record(
  {
    type: fc.constant('FCI.DeliveryProtocol'),
    value: names.map((list) => ({ 'delivery-protocols': list })),
    footprint: anyFootprint,
    ...path,
  },
  { requiredKeys },
)

// One list of footprints holds one conjunction of any kind; more would make several objects, which only types whose
// objects may be joined come back from.
const singleFootprint: fc.Arbitrary<Footprint> = fc.oneof(
  fc.constant(GLOBAL),
  anyConjunction.map((conjunction): Footprint => {
    const canonical = footprintOf([conjunction])
    return canonical.kind === 'some' ? { ...canonical, anyOf: canonical.anyOf.slice(0, 1) } : canonical
  }),
)

const opaqueCapability: fc.Arbitrary<AdvertisedCapability> = fc.record(
  {
    type: fc.constant('FCI.Future'),
    value: fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.string(), fc.constant(null)), { maxKeys: 3 }),
    footprint: singleFootprint,
    ...path,
  },
  { requiredKeys },
)

const limit = fc.record({
  'limit-type': fc.constantFrom('egress', 'requests', 'sessions', 'x-unknown'),
  'maximum-hard': fc.integer({ min: 11, max: 50_000_000_000 }),
  'maximum-soft': fc.nat({ max: 10 }),
})

const limitsCapability: fc.Arbitrary<AdvertisedCapability> = fc.record({
  type: fc.constant('FCI.CapacityLimits'),
  value: fc.record({ limits: fc.array(limit, { maxLength: 3 }) }),
  footprint: singleFootprint,
})

const host = fc.constantFrom('a.example', 'b.example:8443', '192.0.2.1', '[2001:db8::1]:81')

const targetCapability: fc.Arbitrary<AdvertisedCapability> = fc.record({
  type: fc.constant('FCI.RedirectTarget'),
  value: fc.record(
    {
      'redirecting-hosts': fc.uniqueArray(host, { minLength: 1 }).map((hosts) => hosts.sort()),
      'dns-target': fc.record({ host: fc.constantFrom('dns.example', '2001:db8::1') }),
      'http-target': fc.record(
        {
          host,
          scheme: fc.constantFrom('http', 'https'),
          'path-prefix': fc.constantFrom('/a/', '/cache/1/'),
          'include-redirecting-host': fc.constant(true),
        },
        { requiredKeys: ['host'] },
      ),
    },
    { requiredKeys: [] },
  ),
  footprint: singleFootprint,
})

const anyCapability = fc.oneof(mergeableCapability, opaqueCapability, limitsCapability, targetCapability)

export const anyAdvertisement: fc.Arbitrary<Advertisement> = fc.record({
  capabilities: fc.array(anyCapability, { maxLength: 5 }),
  diagnostics: fc.constant([]),
})
