import type { CoverageSummary } from '../../fci/coverage-summary.ts'

/** `1 prefix`, `12 prefixes`; numbers from a million on in short. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`
}

/** `512`, `65,536`, `16.8 million`, `281 trillion`, `0.5`. */
export function numberText(value: number): string {
  for (const [limit, word] of [
    [1e12, 'trillion'],
    [1e9, 'billion'],
    [1e6, 'million'],
  ] as const) {
    if (value >= limit) return `${Number((value / limit).toPrecision(3))} ${word}`
  }
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(2))
  const [whole = '', fraction] = String(rounded).split('.')
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** The first names and how many more there are. */
export function someOf(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).join(' ')
  return names.length > most ? `${shown} and ${numberText(names.length - most)} more` : shown
}

/** Whom a footprint speaks of, in a few words. */
export function coverageWords(coverage: CoverageSummary, most = 3): string {
  if (coverage.isGlobal) return 'everybody'
  const words = [
    ipv4Words(coverage.ipv4Addresses),
    ipv6Words(coverage.ipv6Prefixes48),
    someOf(
      coverage.asns.map((asn) => `AS${asn}`),
      most,
    ),
    someOf(
      coverage.countries.map((code) => code.toUpperCase()),
      most,
    ),
    someOf(
      coverage.subdivisions.map((code) => code.toUpperCase()),
      most,
    ),
    coverage.named.length === 0 ? '' : counted(coverage.named.length, 'named footprint'),
    coverage.expressions === 0 ? '' : counted(coverage.expressions, 'expression'),
    coverage.excluding === 0 ? '' : counted(coverage.excluding, 'exclusion'),
  ].filter((word) => word !== '')
  return words.length === 0 ? 'nobody' : words.join('; ')
}

function ipv4Words(addresses: number): string {
  if (addresses === 2 ** 32) return 'all IPv4 addresses'
  return addresses === 0 ? '' : counted(addresses, 'IPv4 address', 'IPv4 addresses')
}

function ipv6Words(prefixes: number): string {
  if (prefixes === 2 ** 48) return 'all IPv6 addresses'
  return prefixes === 0 ? '' : `${numberText(prefixes)} IPv6 /48`
}
