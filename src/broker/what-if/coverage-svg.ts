import type { CoverageRow } from '../../routing/coverage/coverage-report.ts'
import { UNKNOWN_KEY } from '../../routing/coverage/unknown-key.ts'
import type { WorldShapes } from './world-shapes.ts'

/**
 * Colours that people with colour vision deficiencies tell apart (Okabe and Ito), then hues around the circle. The
 * order of the providers decides, so that one provider has one colour on every map of a deployment.
 */
const PALETTE: readonly string[] = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442']
const NOBODY = '#c9c9c9'
const NO_DATA = '#f2f2f2'
const LINE = 22
const MARGIN = 16

/**
 * A world map: each country in the colour of the provider that serves most of its address space, paler the smaller
 * that share is; hatched where one provider alone could serve most of it.
 *
 * @param rows - by country, keys in lower-case ISO 3166-1 alpha-2.
 * @param title - one line of text above the map.
 */
export function renderCoverageMap(
  rows: readonly CoverageRow[],
  world: WorldShapes,
  { title, providers }: { readonly title: string; readonly providers: readonly string[] },
): string {
  const byCountry = new Map(rows.map((row) => [row.key, row]))
  const legendTop = MARGIN + LINE + world.height + LINE
  const notesTop = legendTop + LINE * Math.ceil((providers.length + LEGEND_MARKS) / LEGEND_COLUMNS)
  const missing = undrawn(rows, world)
  const height = notesTop + LINE * (missing === undefined ? 1 : 2)
  const shapes = world.countries.map(({ country, name, path }) => {
    const row = country === undefined ? undefined : byCountry.get(country)
    const fill = fillOf(row, providers)
    const isAlone = row !== undefined && row.aloneShare >= 0.5
    const shape = `<path d="${path}" fill="${fill.colour}" fill-opacity="${fill.opacity}"><title>${escapeXml(
      describe(country, name, row),
    )}</title></path>`
    return isAlone ? `${shape}<path d="${path}" fill="url(#alone)" pointer-events="none"/>` : shape
  })
  const width = world.width + 2 * MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      'font-family="system-ui, sans-serif" font-size="14" role="img">',
    `<title>${escapeXml(title)}</title>`,
    '<defs><pattern id="alone" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">' +
      '<line x1="0" y1="0" x2="0" y2="6" stroke="#000" stroke-opacity="0.45" stroke-width="1.6"/></pattern></defs>',
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="${MARGIN}" y="${MARGIN + 6}" font-size="16" font-weight="600">${escapeXml(title)}</text>`,
    `<g transform="translate(${MARGIN} ${MARGIN + LINE})" stroke="#ffffff" stroke-width="0.5">`,
    `<path d="${world.sphere}" fill="#e8f1f8" stroke="#b9cbd9"/>`,
    ...shapes,
    '</g>',
    ...legend(providers, legendTop),
    ...(missing === undefined
      ? []
      : [`<text x="${MARGIN}" y="${notesTop + 1}" fill="#555">${escapeXml(missing)}</text>`]),
    '</svg>',
    '',
  ].join('\n')
}

const LEGEND_COLUMNS = 4
/** Entries besides the providers. */
const LEGEND_MARKS = 4
const MAX_UNDRAWN = 30
const LEGEND_WIDTH = 250

function legend(providers: readonly string[], top: number): readonly string[] {
  const entries: readonly (readonly [fill: string, label: string, opacity?: string])[] = [
    ...providers.map((provider) => [colourOf(provider, providers), provider] as const),
    [PALETTE[0] ?? NOBODY, 'paler: serves less of it', opacityOf(0.2)],
    ['url(#alone)', 'one alone could serve it'],
    [NOBODY, 'nobody serves it'],
    [NO_DATA, 'no data'],
  ]
  return entries.map(([fill, label, opacity = '1'], i) => {
    const x = MARGIN + (i % LEGEND_COLUMNS) * LEGEND_WIDTH
    const y = top + Math.floor(i / LEGEND_COLUMNS) * LINE
    return (
      `<rect x="${x}" y="${y - 11}" width="14" height="14" fill="${fill}" fill-opacity="${opacity}" stroke="#888" stroke-width="0.5"/>` +
      `<text x="${x + 20}" y="${y + 1}">${escapeXml(label)}</text>`
    )
  })
}

/** Countries that the shapes are too coarse for. */
function undrawn(rows: readonly CoverageRow[], { countries }: WorldShapes): string | undefined {
  const drawn = new Set(countries.map(({ country }) => country))
  const missing = rows.filter(({ key }) => key !== UNKNOWN_KEY && !drawn.has(key)).map(({ key }) => key)
  const [first, ...others] = missing.slice(0, MAX_UNDRAWN)
  if (first === undefined) return undefined
  const more = missing.length > MAX_UNDRAWN ? ` and ${missing.length - MAX_UNDRAWN} more` : ''
  return `Too small for this map: ${[first, ...others].join(', ')}${more}`
}

function fillOf(
  row: CoverageRow | undefined,
  providers: readonly string[],
): { readonly colour: string; readonly opacity: string } {
  if (row === undefined) return { colour: NO_DATA, opacity: '1' }
  const [first] = row.serving
  if (first === undefined || first.share === 0) return { colour: NOBODY, opacity: '1' }
  return { colour: colourOf(first.provider, providers), opacity: opacityOf(first.share) }
}

function opacityOf(share: number): string {
  return (0.35 + 0.65 * share).toFixed(2)
}

function colourOf(provider: string, providers: readonly string[]): string {
  const at = providers.indexOf(provider)
  return PALETTE[at] ?? `hsl(${(at * 137) % 360} 55% 45%)`
}

function describe(country: string | undefined, name: string, row: CoverageRow | undefined): string {
  const where = country === undefined ? name : `${name} (${country})`
  if (row === undefined) return `${where}: no data`
  const shares = row.serving.map(({ provider, share }) => `${provider} ${percent(share)}`)
  const parts = [`served by ${shares.length === 0 ? 'nobody' : shares.join(', ')}`]
  if (row.aloneShare > 0) parts.push(`one provider alone for ${percent(row.aloneShare)}`)
  if (row.gapShare > 0) parts.push(`nobody for ${percent(row.gapShare)}`)
  return `${where}: ${parts.join('; ')}`
}

function percent(share: number): string {
  return share > 0 && share < 0.01 ? '<1 %' : `${Math.round(share * 100)} %`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
