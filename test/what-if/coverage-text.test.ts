import { describe, expect, it } from 'vitest'
import { CoverageAnswer, coverageText, stretchesText } from '../../src/broker/cli/coverage-text.ts'
import { keepOutput } from '../support/cli-run.ts'

const ROWS = CoverageAnswer.parse({
  map: 'abc',
  providers: ['cdn-a', 'cdn-b'],
  rows: [
    {
      key: 'us',
      v4_addresses: 1_612_000_000,
      v6_prefixes_48: 2.5,
      serving: [
        { provider: 'cdn-b', share: 0.7 },
        { provider: 'cdn-a', share: 0.3 },
      ],
      able: [
        { provider: 'cdn-a', share: 1 },
        { provider: 'cdn-b', share: 0.7 },
      ],
      alone_share: 0.3,
      overlap_share: 0.7,
      gap_share: 0,
    },
    {
      key: 'de',
      v4_addresses: 256,
      v6_prefixes_48: 0,
      serving: [],
      able: [],
      alone_share: 0,
      overlap_share: 0,
      gap_share: 1,
    },
    {
      key: 'fr',
      v4_addresses: 9,
      v6_prefixes_48: 0,
      serving: [{ provider: 'cdn-a', share: 1 }],
      able: [
        { provider: 'cdn-a', share: 1 },
        { provider: 'cdn-b', share: 1 },
      ],
      alone_share: 0,
      overlap_share: 1,
      gap_share: 0,
    },
  ],
})

describe('the coverage report on the terminal', () => {
  it('shows sizes and shares so that a person can read them', () => {
    expect(coverageText(ROWS, keepOutput(), { by: 'country', top: 2, alone: false })).toBe(
      [
        'COUNTRY   IPV4  IPV6 /48  SERVED BY               COULD BE SERVED BY  ONE ALONE  NOBODY',
        'us       1.6 G       2.5  cdn-b 70 %, cdn-a 30 %  cdn-a, cdn-b 70 %        30 %',
        'de         256            nobody                                                  100 %',
        '',
        '1 more; --top N shows them.',
        "Map abc. Shares are of each row's address space, IPv4 and IPv6 counting the same.",
        '',
      ].join('\n'),
    )
  })

  it('keeps to what hangs on one CDN, or on none, when asked', () => {
    const text = coverageText(ROWS, keepOutput(), { by: 'country', top: 30, alone: true })
    expect(text).toContain('us ')
    expect(text).not.toContain('fr ')
  })

  it('explains the row of which nothing is known', () => {
    const row = { ...(ROWS.rows?.[0] ?? ROWS.rows?.[1]), key: '-' }
    const answer = CoverageAnswer.parse({ map: 'abc', rows: [row] })
    const explained = (by: 'country' | 'asn') => coverageText(answer, keepOutput(), { by, top: 1, alone: false })
    expect(explained('country')).toContain('"-" is everything of which the geo data know no country.')
    expect(explained('asn')).toContain('"-" is everything of which the geo data know no AS number.')
    expect(coverageText(ROWS, keepOutput(), { by: 'country', top: 9, alone: false })).not.toContain('"-"')
  })

  it('says so when there is nothing to show', () => {
    const nothing = { map: 'abc', rows: [] }
    expect(coverageText(nothing, keepOutput(), { by: 'asn', top: 30, alone: true })).toMatch(
      /^Nowhere is one CDN alone/,
    )
    expect(coverageText(nothing, keepOutput(), { by: 'asn', top: 30, alone: false })).toMatch(/^There is no address/)
  })

  it('does not call a small share none', () => {
    const row = { ...(ROWS.rows?.[0] ?? ROWS.rows?.[1]), able: [{ provider: 'cdn-z', share: 0 }] }
    const answer = CoverageAnswer.parse({ map: 'abc', rows: [row] })
    expect(coverageText(answer, keepOutput(), { by: 'country', top: 1, alone: false })).toContain('cdn-z <0.1 %')
  })

  it('lists the stretches of a prefix and where they go on', () => {
    const answer = {
      map: 'abc',
      stretches: [{ prefix: '192.0.2.0/25', serving: [{ provider: 'cdn-a', share: 1 }], able: ['cdn-a', 'cdn-b'] }],
      continues_at: '192.0.2.128',
    }
    expect(stretchesText(answer, keepOutput())).toBe(
      [
        'PREFIX        SERVED BY  COULD BE SERVED BY',
        '192.0.2.0/25  cdn-a      cdn-a, cdn-b',
        '',
        'Map abc. It goes on at 192.0.2.128; --top N shows more.',
        '',
      ].join('\n'),
    )
  })
})
