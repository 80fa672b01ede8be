import { MOQ_VERSIONS } from '../moq/subprotocols.ts'
import { footprintUri, GEOFEED_PATH, type PublishedFootprint } from './footprint-endpoint.ts'

/** RFC 8006 4.2.2.2, RFC 9388 2. */
type WireFootprint =
  | {
      readonly 'footprint-type': 'ipv4cidr' | 'ipv6cidr' | 'asn' | 'countrycode' | 'subdivisioncode'
      readonly 'footprint-value': readonly string[]
    }
  | { readonly 'footprint-type': 'footprintunion'; readonly 'footprint-value': readonly WireFootprint[] }
  /** draft-arolovitch-cdni-named-footprints 3.1: defined elsewhere. */
  | { readonly 'footprint-type': 'named'; readonly 'footprint-value': readonly string[] }
  /** The same 3.2: told by this source alone. */
  | {
      readonly 'footprint-type': 'countrycode'
      readonly 'footprint-value': readonly string[]
      readonly 'footprint-source': readonly WireSource[]
    }

interface WireSource {
  readonly 'footprint-source-type': 'rfc8805'
  readonly 'footprint-source-uri': string
  readonly 'footprint-source-footprint-type': readonly string[]
}

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

/** What `cdn-a` calls its edges in Europe, as a named footprint. */
const EUROPEAN_EDGES = prefixes(['192.0.2.0/24'], ['2001:db8::/40'])
const EDGES_NAMESPACE = 'lab'
const EDGES_NAME = 'europe'

/** Strong in Europe: at its edges, and by country; and inside one New York access network by AS number *and* subdivision. */
function europe(fciOrigin: string): readonly Region[] {
  return [
    [{ 'footprint-type': 'named', 'footprint-value': [footprintUri(fciOrigin, EDGES_NAMESPACE, EDGES_NAME)] }],
    [country('de', 'fr', 'gb', 'pl', 'es', 'it', 'nl')],
    [asn('as64500'), subdivision('us-ny')],
  ]
}

/** Where `cdn-b` knows a network to be that the geographic sample does not know (RFC 8805). */
const CHILEAN_GEOFEED = '# Networks of cdn-b\n2001:db8:f005::/48,CL,CL-RM,Santiago,\n'

/**
 * Strong in North America; a cache inside one French network beats the European CDN by a longer prefix; and in Chile,
 * by its own geofeed.
 */
function northAmerica(fciOrigin: string): readonly Region[] {
  const geofeed = {
    'footprint-source-type': 'rfc8805',
    'footprint-source-uri': `${fciOrigin}${GEOFEED_PATH}`,
    'footprint-source-footprint-type': ['country'],
  } as const
  return [
    [prefixes(['198.51.100.0/24', '192.0.2.64/27'], ['2001:db8:100::/40', '2001:db8:2::/48'])],
    [country('us', 'ca', 'mx')],
    [{ 'footprint-type': 'countrycode', 'footprint-value': ['cl'], 'footprint-source': [geofeed] }],
    [asn('as64498')],
  ]
}

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

export type LabCdnName = 'cdn-a' | 'cdn-b' | 'cdn-c'

/** Everything that a CDN tells about whom it serves. */
export interface LabPublication {
  readonly advertisement: WireAdvertisement
  readonly footprints: readonly PublishedFootprint[]
  /** As CSV (RFC 8805). */
  readonly geofeed?: string
}

/** What a CDN of the lab publishes at this origin; see `GEO_SAMPLE` for who lives where. */
export function labPublication(name: LabCdnName, fciOrigin: string): LabPublication {
  switch (name) {
    case 'cdn-a':
      return {
        advertisement: advertise(europe(fciOrigin)),
        footprints: [{ namespace: EDGES_NAMESPACE, name: EDGES_NAME, definition: EUROPEAN_EDGES }],
      }
    case 'cdn-b':
      return { advertisement: advertise(northAmerica(fciOrigin)), footprints: [], geofeed: CHILEAN_GEOFEED }
    case 'cdn-c':
      return { advertisement: advertise(WORLDWIDE), footprints: [] }
  }
}

/** Every region with the same capabilities: objects of one type stand each for itself (RFC 9241 3.6). */
function advertise(regions: readonly Region[]): WireAdvertisement {
  return {
    capabilities: regions.flatMap((region) =>
      CAPABILITIES.map((capability) => ({ ...capability, footprints: region })),
    ),
  }
}
