import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { geoEqualEarth, geoPath } from 'd3-geo'
import countries from 'i18n-iso-countries'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import { z } from 'zod'

/** One country as an SVG path. */
export interface CountryShape {
  /** ISO 3166-1 alpha-2, lower case; absent for territories without a code. */
  readonly country?: string
  readonly name: string
  readonly path: string
}

export interface WorldShapes {
  readonly width: number
  readonly height: number
  readonly countries: readonly CountryShape[]
  /** The outline of the globe. */
  readonly sphere: string
}

const WIDTH = 1000
const HEIGHT = 487
const DIGITS = 1

const PropertiesSchema = z.object({ name: z.string().default('') })

/** The countries of the world in the Equal Earth projection, from Natural Earth's 1:110m data (public domain). */
export function loadWorldShapes(): WorldShapes {
  const file = createRequire(import.meta.url).resolve('world-atlas/countries-110m.json')
  const topology = TopologySchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const projection = geoEqualEarth().fitSize([WIDTH, HEIGHT], { type: 'Sphere' })
  const toPath = geoPath(projection).digits(DIGITS)
  const collection = feature(topology, topology.objects.countries)
  return {
    width: WIDTH,
    height: HEIGHT,
    sphere: toPath({ type: 'Sphere' }) ?? '',
    countries: collection.features.flatMap((one) => {
      const path = toPath(one)
      if (path === null) return []
      const code = one.id === undefined ? undefined : countries.numericToAlpha2(String(one.id).padStart(3, '0'))
      const { name } = PropertiesSchema.parse(one.properties ?? {})
      return [{ ...(code === undefined ? {} : { country: code.toLowerCase() }), name, path }]
    }),
  }
}

type WorldTopology = Topology<{ readonly countries: GeometryCollection }>

/** The file comes with the package and is of one known shape; only the parts used are looked at. */
const TopologySchema = z.custom<WorldTopology>(
  (value) =>
    z
      .object({
        type: z.literal('Topology'),
        arcs: z.array(z.array(z.array(z.number()))),
        objects: z.object({ countries: z.object({ type: z.literal('GeometryCollection') }) }),
      })
      .safeParse(value).success,
)
