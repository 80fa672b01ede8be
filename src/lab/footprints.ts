import { MOQ_VERSIONS } from '../moq/subprotocols.ts'

/** RFC 8006 4.2.2.2, RFC 9388 2. */
type WireFootprint =
  | {
      readonly 'footprint-type': 'ipv4cidr' | 'ipv6cidr' | 'asn' | 'countrycode' | 'subdivisioncode'
      readonly 'footprint-value': readonly string[]
    }
  | { readonly 'footprint-type': 'footprintunion'; readonly 'footprint-value': readonly WireFootprint[] }

/** One FCI Base Object (RFC 8008 5.1). */
interface WireCapability {
  readonly 'capability-type': string
  readonly 'capability-value': Readonly<Record<string, unknown>>
  readonly footprints?: readonly WireFootprint[]
}

/** An FCI document (RFC 8008 5). */
export interface WireAdvertisement {
  readonly capabilities: readonly WireCapability[]
}

const prefixes = (ipv4: readonly string[], ipv6: readonly string[]): WireFootprint => ({
  'footprint-type': 'footprintunion',
  'footprint-value': [
    { 'footprint-type': 'ipv4cidr', 'footprint-value': ipv4 },
    { 'footprint-type': 'ipv6cidr', 'footprint-value': ipv6 },
  ],
})
const asn = (...values: readonly string[]): WireFootprint => ({ 'footprint-type': 'asn', 'footprint-value': values })
const country = (...values: readonly string[]): WireFootprint => ({
  'footprint-type': 'countrycode',
  'footprint-value': values,
})
const subdivision = (...values: readonly string[]): WireFootprint => ({
  'footprint-type': 'subdivisioncode',
  'footprint-value': values,
})

/** What each CDN can do. No registered protocol names MoQ, so it is a private feature. */
const CAPABILITIES: readonly WireCapability[] = [
  { 'capability-type': 'FCI.DeliveryProtocol', 'capability-value': { 'delivery-protocols': ['https/1.1'] } },
  { 'capability-type': 'FCI.RedirectionMode', 'capability-value': { 'redirection-modes': ['DNS-I', 'HTTP-I'] } },
  {
    'capability-type': 'FCI.PrivateFeatures',
    'capability-value': {
      features: [
        {
          'feature-oid': 'MoQBroker',
          'feature-type': 'MoQRelay',
          'feature-value': {
            drafts: [...MOQ_VERSIONS],
            transports: ['websocket'],
            roles: ['publish', 'subscribe'],
            'fallback-kinds': ['https', 'moqt'],
          },
        },
      ],
    },
  },
]

/** Footprints in one list narrow each other (RFC 9388 2.2). */
type Region = readonly WireFootprint[]

/**
 * Strong in Europe by address and by country, and inside one New York access network: AS number *and* subdivision
 * must hold there.
 */
const EUROPE: readonly Region[] = [
  [prefixes(['192.0.2.0/24'], ['2001:db8::/40'])],
  [country('de', 'fr', 'gb', 'pl', 'es', 'it', 'nl')],
  [asn('as64500'), subdivision('us-ny')],
]

/** Strong in North America; a cache inside one French network beats the European CDN by a longer prefix. */
const NORTH_AMERICA: readonly Region[] = [
  [prefixes(['198.51.100.0/24', '192.0.2.64/27'], ['2001:db8:100::/40', '2001:db8:2::/48'])],
  [country('us', 'ca', 'mx')],
  [asn('as64498')],
]

/**
 * Strong in Asia, Oceania and Brazil, with a cache in California, and willing to serve the rest of the world. The
 * prefixes are narrowed by country too, or the whole world around them would make them redundant.
 */
const WORLDWIDE: readonly Region[] = [
  [
    prefixes(['203.0.113.0/24', '198.51.100.64/26'], ['2001:db8:200::/40', '2001:db8:102::/48']),
    country('jp', 'sg', 'au', 'br', 'us'),
  ],
  [country('jp', 'sg', 'au', 'in', 'kr', 'br')],
  [asn('as64511')],
  [prefixes(['0.0.0.0/0'], ['::/0'])],
]

/** What the three CDNs of the lab advertise; see `GEO_SAMPLE` for who lives where. */
export const LAB_ADVERTISEMENTS = {
  'cdn-a': advertise(EUROPE),
  'cdn-b': advertise(NORTH_AMERICA),
  'cdn-c': advertise(WORLDWIDE),
} as const satisfies Readonly<Record<string, WireAdvertisement>>

export type LabCdnName = keyof typeof LAB_ADVERTISEMENTS

/** Every region with the same capabilities: objects of one type stand each for itself (RFC 9241 3.6). */
function advertise(regions: readonly Region[]): WireAdvertisement {
  return {
    capabilities: regions.flatMap((region) =>
      CAPABILITIES.map((capability) => ({ ...capability, footprints: region })),
    ),
  }
}
