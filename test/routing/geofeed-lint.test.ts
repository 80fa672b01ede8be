import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatPrefix } from '../../src/fci/prefix.ts'
import { parseGeoCsv } from '../../src/routing/geo-csv.ts'
import { lintGeofeed } from '../../src/routing/geofeed-lint.ts'

const lint = (...lines: readonly string[]) => lintGeofeed(lines.join('\r\n'), 'feed.csv')
const brief = (...lines: readonly string[]) =>
  lint(...lines).findings.map(({ severity, line, code }) => `${severity} ${line ?? '-'} ${code}`)

/** RFC 8805 2.2. */
const EXAMPLES = [
  '192.0.2.0/24,US,US-AL,,',
  '192.0.2.5,US,US-AL,Alabaster,',
  '192.0.2.128/25,PL,PL-MZ,,',
  '2001:db8::/32,PL,,,',
  '2001:db8:cafe::/48,PL,PL-MZ,,',
]

describe('a geofeed', () => {
  test('of the examples of RFC 8805 2.2 is without a fault, comments and blank lines too', () => {
    const report = lint('# a feed', '', ...EXAMPLES, '198.51.100.0/24,SG,SG-01,Singapore,# IETF106')
    expect(report).toMatchObject({ findings: [], errors: 0, warnings: 0, entries: 6, discarded: 0, isUsable: true })
    expect(report.countries).toEqual([
      ['pl', 3],
      ['us', 2],
      ['sg', 1],
    ])
    expect(report.prefixes.map(formatPrefix)).toContain('192.0.2.5/32')
  })

  test('may say of prefixes that they have no geolocation (2.1.2)', () => {
    expect(lint('192.0.2.0/24,,,,', '2001:db8:1::/48,,,,')).toMatchObject({ findings: [], withoutLocation: 2 })
  })

  test.each([
    ['no prefix', ',US,,,', ['error 1 geofeed-prefix-invalid']],
    ['a prefix that does not parse', '192.0.2.0/33,US,,,', ['error 1 geofeed-prefix-invalid']],
    ['a prefix cut short', '198.51.100/24,US,,,', ['error 1 geofeed-prefix-short']],
    ['bits beyond the length', '192.0.2.9/24,US,,,', ['warning 1 geofeed-host-bits']],
    ['an IPv4-mapped prefix', '::ffff:192.0.2.0/120,US,,,', ['warning 1 geofeed-ipv4-mapped']],
    ['no country code', '192.0.2.0/24,USA,,,', ['error 1 geofeed-country-invalid']],
    ['the code of no country', '192.0.2.0/24,xq,,,', ['warning 1 geofeed-country-unassigned']],
    ['ZZ', '192.0.2.0/24,ZZ,,,', ['warning 1 geofeed-country-zz']],
    ['no region code', '192.0.2.0/24,US,Alabama,,', ['error 1 geofeed-region-invalid']],
    ['a region of another country', '192.0.2.0/24,US,CA-ON,,', ['error 1 geofeed-region-mismatch']],
    ['a region without country', '192.0.2.0/24,,US-AL,,', ['warning 1 geofeed-region-alone']],
    ['a postal code', '192.0.2.0/24,US,US-AL,Alabaster,35007', ['warning 1 geofeed-postal-code']],
    ['fewer commas', '192.0.2.0/24,US', ['warning 1 geofeed-few-fields']],
    ['more fields', '192.0.2.0/24,US,,,,x', ['warning 1 geofeed-many-fields']],
    ['a replacement character', '192.0.2.0/24,US,,S\ufffdo Paulo,', ['warning 1 geofeed-text']],
    ['a byte order mark', '\ufeff192.0.2.0/24,US,,,', ['warning 1 geofeed-text']],
  ])('is told of %s', (_, line, findings) => {
    const others = Array.from({ length: 20 }, (__, i) => `10.0.${i}.0/24,US,,,`)
    expect(brief(line, ...others)).toEqual(findings)
  })

  test('is told of repeated prefixes, whatever their notation, and which counts (2.1.3)', () => {
    const report = lint('2001:DB8::/32,PL,,,', '2001:db8:0::/32,PL,,,', '2001:db8::/32,US,,,', '2001:db8::/33,US,,,')
    expect(report.findings.map(({ line, message }) => [line, message])).toEqual([
      [2, '2001:db8::/32 is on line 1 too and says the same'],
      [3, '2001:db8::/32 is on line 1 too and says otherwise; the first stands'],
    ])
  })

  test('with too many faults would not be used, and says so', () => {
    const report = lint(...EXAMPLES, 'nonsense,US,,,', 'more,US,,,')
    expect(report.isUsable).toBe(false)
    expect(report.findings[0]).toMatchObject({ code: 'geofeed-not-used', severity: 'error' })
    expect(lint('<html>').isUsable).toBe(false)
  })

  test('names the rule for everything it finds', () => {
    for (const { clause, explanation } of lint('192.0.2.0/24,ZZ', 'x').findings) {
      expect(clause).toMatch(/^(RFC \d+ [\d.]+|ours)$/)
      expect(explanation).not.toBe('')
    }
  })

  test('has as many entries as the reader takes lines, whatever it holds', () => {
    const cell = fc.constantFrom(
      '192.0.2.0/24',
      '10.1.1/24',
      '2001:db8::/32',
      '',
      'US',
      'usa',
      'ZZ',
      'US-AL',
      'CA-ON',
      'x',
      '"a,b"',
      '#',
    )
    const line = fc.array(cell, { maxLength: 7 }).map((cells) => cells.join(','))
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const feed = [...Array.from({ length: 300 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24,US,,,`), ...lines].join(
          '\n',
        )
        const source = parseGeoCsv(feed, { path: 'feed', name: 'feed', builtAt: 0 })
        const report = lintGeofeed(feed, 'feed')
        expect(report.isUsable).toBe(true)
        expect(new Set(report.prefixes.map(formatPrefix)).size).toBe(source.editions[0]?.entries)
      }),
    )
  })

  test('of many faults is told the first thousand and how many there are', () => {
    const report = lint(...Array.from({ length: 1500 }, () => 'x,US,,,'))
    expect(report.findings).toHaveLength(1000)
    expect(report.errors).toBe(1501)
  })
})
