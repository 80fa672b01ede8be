import { describe, expect, it } from 'vitest'
import { renderCoverageMap } from '../../src/broker/what-if/coverage-svg.ts'
import { loadWorldShapes } from '../../src/broker/what-if/world-shapes.ts'
import type { CoverageRow } from '../../src/routing/coverage/coverage-report.ts'

const WORLD = loadWorldShapes()

function row(key: string, serving: CoverageRow['serving'], aloneShare = 0): CoverageRow {
  const size = { v4Addresses: 1, v6Prefixes48: 0 }
  return { key, size, serving, able: serving, aloneShare, overlapShare: 1 - aloneShare, gapShare: 0 }
}

function titleOf(svg: string, name: string): string | undefined {
  return new RegExp(`<title>(${name} [^<]*)</title>`).exec(svg)?.[1]
}

describe('the shapes of the world', () => {
  it('have a code for nearly every country, each once', () => {
    const codes = WORLD.countries.flatMap(({ country }) => country ?? [])
    expect(codes.length).toBeGreaterThan(170)
    expect(new Set(codes).size).toBe(codes.length)
    expect(codes).toEqual(expect.arrayContaining(['de', 'us', 'br', 'jp', 'za', 'au']))
  })
})

describe('a coverage map', () => {
  const draw = (rows: readonly CoverageRow[], title = 'Who serves whom'): string =>
    renderCoverageMap(rows, WORLD, { title, providers: ['cdn-a', 'cdn-b'] })

  it('tells in words, for each country, who serves which share', () => {
    const svg = draw([
      row('de', [
        { provider: 'cdn-b', share: 0.7 },
        { provider: 'cdn-a', share: 0.3 },
      ]),
    ])
    expect(titleOf(svg, 'Germany')).toBe('Germany (de): served by cdn-b 70 %, cdn-a 30 %')
    expect(titleOf(svg, 'France')).toBe('France (fr): no data')
  })

  it('paints a country in the colour that the legend gives to its largest provider', () => {
    const svg = draw([row('de', [{ provider: 'cdn-b', share: 1 }])])
    const legend = /<rect [^>]*fill="([^"]+)"[^>]*\/><text [^>]*>cdn-b</.exec(svg)?.[1]
    expect(svg).toMatch(new RegExp(`fill="${legend}" fill-opacity="1.00"><title>Germany`))
  })

  it('hatches a country that hangs on one provider', () => {
    const hatched = (svg: string): number => svg.split('fill="url(#alone)" pointer-events').length - 1
    expect(hatched(draw([row('de', [{ provider: 'cdn-a', share: 1 }], 0.9)]))).toBe(1)
    expect(hatched(draw([row('de', [{ provider: 'cdn-a', share: 1 }], 0.1)]))).toBe(0)
  })

  it('names the countries that it is too coarse for', () => {
    const svg = draw([row('sg', [{ provider: 'cdn-a', share: 1 }]), row('de', []), row('-', [])])
    expect(svg).toContain('>Too small for this map: sg<')
    expect(draw([row('de', [])])).not.toContain('Too small')
  })

  it('does not let a title become markup', () => {
    const svg = draw([], '<script>alert("x")</script>')
    expect(svg).not.toContain('<script')
    expect(svg).toContain('&lt;script&gt;')
  })

  it('finds a colour for any number of providers', () => {
    const providers = Array.from({ length: 40 }, (_, i) => `p${i}`)
    const svg = renderCoverageMap([], WORLD, { title: 't', providers })
    const colours = providers.map((name) => new RegExp(`fill="([^"]+)"[^>]*/><text [^>]*>${name}<`).exec(svg)?.[1])
    expect(new Set(colours).size).toBe(40)
  })
})
