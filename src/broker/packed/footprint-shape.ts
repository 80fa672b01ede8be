import { z } from 'zod'
import type { Conjunction, Exclusion, Footprint, SourcedConstraint } from '../../fci/footprint.ts'
import type { Prefix } from '../../fci/prefix.ts'

// The shape of a packed footprint: as it is, with a number in the place of every list of prefixes.

const factsSchema = {
  asns: z.array(z.number()).exactOptional(),
  countries: z.array(z.string()).exactOptional(),
  subdivisions: z.array(z.string()).exactOptional(),
}
const packedExclusionSchema = z.strictObject({ prefixes: z.int().exactOptional(), ...factsSchema })
const packedConjunctionSchema = z.strictObject({
  prefixes: z.int().exactOptional(),
  ...factsSchema,
  excluded: packedExclusionSchema.exactOptional(),
  expressions: z.array(z.string()).exactOptional(),
  named: z.array(z.array(z.string())).exactOptional(),
  get sourced(): z.ZodExactOptional<z.ZodArray<typeof packedConstraintSchema>> {
    return z.array(packedConstraintSchema).exactOptional()
  },
  unknown: z
    .array(z.strictObject({ type: z.string(), value: z.unknown(), source: z.unknown().exactOptional() }))
    .exactOptional(),
})
export const packedFootprintSchema = z.union([
  z.strictObject({ kind: z.literal('global') }),
  z.strictObject({ kind: z.literal('some'), anyOf: z.array(packedConjunctionSchema) }),
])
const packedConstraintSchema = z.strictObject({
  sources: z.array(
    z.strictObject({
      type: z.enum(['rfc8805', 'private']),
      uri: z.string(),
      facts: z.array(z.enum(['asn', 'country', 'subdivision'])),
    }),
  ),
  get within(): typeof packedFootprintSchema {
    return packedFootprintSchema
  },
})

type PackedFootprint = z.infer<typeof packedFootprintSchema>
type PackedConjunction = z.infer<typeof packedConjunctionSchema>

/** @param place - the number of a list of prefixes. */
export function packFootprint(footprint: Footprint, place: (list: readonly Prefix[]) => number): unknown {
  if (footprint.kind === 'global') return footprint
  return {
    kind: 'some',
    anyOf: footprint.anyOf.map(({ prefixes, excluded, sourced, ...rest }) => ({
      ...rest,
      ...(prefixes && { prefixes: place(prefixes) }),
      ...(excluded && { excluded: { ...excluded, ...(excluded.prefixes && { prefixes: place(excluded.prefixes) }) } }),
      ...(sourced && {
        sourced: sourced.map(({ sources, within }) => ({ sources, within: packFootprint(within, place) })),
      }),
    })),
  }
}

/** @param read - the list of prefixes of this number. */
export function unpackFootprint(packed: PackedFootprint, read: (place: number) => readonly Prefix[]): Footprint {
  return packed.kind === 'global' ? packed : { kind: 'some', anyOf: packed.anyOf.map((one) => unpackOne(one, read)) }
}

// Members stand in the order in which reading puts them, because constraints are compared by their text.

function unpackOne(packed: PackedConjunction, read: (place: number) => readonly Prefix[]): Conjunction {
  const { prefixes, asns, countries, subdivisions, excluded, expressions, named, sourced, unknown } = packed
  return {
    ...(prefixes !== undefined && { prefixes: read(prefixes) }),
    ...(asns && { asns }),
    ...(countries && { countries }),
    ...(subdivisions && { subdivisions }),
    ...(excluded && { excluded: unpackExclusion(excluded, read) }),
    ...(expressions && { expressions }),
    ...(named && { named }),
    ...(sourced && {
      sourced: sourced.map(
        ({ sources, within }): SourcedConstraint => ({
          sources,
          within: unpackFootprint(within, read),
        }),
      ),
    }),
    ...(unknown && { unknown }),
  }
}

function unpackExclusion(
  { prefixes, asns, countries, subdivisions }: z.infer<typeof packedExclusionSchema>,
  read: (place: number) => readonly Prefix[],
): Exclusion {
  return {
    ...(prefixes !== undefined && { prefixes: read(prefixes) }),
    ...(asns && { asns }),
    ...(countries && { countries }),
    ...(subdivisions && { subdivisions }),
  }
}
