/** What is true of the clients behind one prefix. */
export interface GeoFact {
  readonly prefix: string
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  /** ISO 3166-2. */
  readonly subdivision: string
  readonly asn: number
}

/**
 * A small world on documentation addresses (RFC 5737, RFC 3849) and documentation AS numbers (RFC 5398):
 * 192.0.2.0/24 is Europe, 198.51.100.0/24 North America, 203.0.113.0/24 Asia, Oceania and Brazil; so are
 * 2001:db8::/40, 2001:db8:100::/40 and 2001:db8:200::/40.
 */
export const GEO_SAMPLE: readonly GeoFact[] = [
  { prefix: '192.0.2.0/26', country: 'DE', subdivision: 'DE-BE', asn: 64496 },
  { prefix: '192.0.2.64/26', country: 'FR', subdivision: 'FR-IDF', asn: 64497 },
  { prefix: '192.0.2.128/26', country: 'GB', subdivision: 'GB-LND', asn: 64498 },
  { prefix: '192.0.2.192/26', country: 'PL', subdivision: 'PL-14', asn: 64499 },
  { prefix: '198.51.100.0/26', country: 'US', subdivision: 'US-NY', asn: 64500 },
  { prefix: '198.51.100.64/26', country: 'US', subdivision: 'US-CA', asn: 64501 },
  { prefix: '198.51.100.128/26', country: 'CA', subdivision: 'CA-ON', asn: 64502 },
  { prefix: '198.51.100.192/26', country: 'MX', subdivision: 'MX-CMX', asn: 64503 },
  { prefix: '203.0.113.0/26', country: 'JP', subdivision: 'JP-13', asn: 64504 },
  { prefix: '203.0.113.64/26', country: 'SG', subdivision: 'SG-01', asn: 64505 },
  { prefix: '203.0.113.128/26', country: 'AU', subdivision: 'AU-NSW', asn: 64506 },
  { prefix: '203.0.113.192/26', country: 'BR', subdivision: 'BR-SP', asn: 64507 },
  { prefix: '2001:db8:1::/48', country: 'DE', subdivision: 'DE-BE', asn: 64496 },
  { prefix: '2001:db8:2::/48', country: 'FR', subdivision: 'FR-IDF', asn: 64497 },
  { prefix: '2001:db8:3::/48', country: 'GB', subdivision: 'GB-LND', asn: 64498 },
  { prefix: '2001:db8:101::/48', country: 'US', subdivision: 'US-NY', asn: 64500 },
  { prefix: '2001:db8:102::/48', country: 'US', subdivision: 'US-CA', asn: 64501 },
  { prefix: '2001:db8:103::/48', country: 'CA', subdivision: 'CA-ON', asn: 64502 },
  { prefix: '2001:db8:201::/48', country: 'JP', subdivision: 'JP-13', asn: 64504 },
  { prefix: '2001:db8:202::/48', country: 'SG', subdivision: 'SG-01', asn: 64505 },
  { prefix: '2001:db8:203::/48', country: 'AU', subdivision: 'AU-NSW', asn: 64506 },
  // Outside every CDN's prefixes, so that country and AS number alone decide.
  { prefix: '2001:db8:f001::/48', country: 'ES', subdivision: 'ES-MD', asn: 64508 },
  { prefix: '2001:db8:f002::/48', country: 'US', subdivision: 'US-TX', asn: 64509 },
  { prefix: '2001:db8:f003::/48', country: 'IN', subdivision: 'IN-MH', asn: 64510 },
  { prefix: '2001:db8:f004::/48', country: 'ZA', subdivision: 'ZA-GP', asn: 64511 },
]

/** The facts as CSV with a header line: `ip_prefix,country,subdivision,asn`. */
export function geoSampleCsv(facts: readonly GeoFact[] = GEO_SAMPLE): string {
  const rows = facts.map(({ prefix, country, subdivision, asn }) => [prefix, country, subdivision, asn].join(','))
  return ['ip_prefix,country,subdivision,asn', ...rows, ''].join('\n')
}
