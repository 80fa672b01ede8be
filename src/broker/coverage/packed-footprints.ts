import { z } from 'zod'
import type { Conjunction, Footprint } from '../../fci/footprint.ts'
import { isMatchable } from '../../fci/match-footprint.ts'
import type { Prefix } from '../../fci/prefix.ts'
import { knownRows, RowWriter, readRows } from './prefix-rows.ts'

/**
 * Footprints as they cross threads: prefixes as numbers, because a hundred thousand objects would stop the event loop
 * for longer than a look-up may wait, and all else as JSON.
 */
export interface PackedFootprints {
  readonly text: string
  /** Two words for each IPv4 prefix: address, length. */
  readonly v4: Uint32Array
  /** Five words for each IPv6 prefix. */
  readonly v6: Uint32Array
}

/** Prefixes packed before others have a turn: some tenths of a millisecond. */
const SLICE = 512
/** Characters of text written before others have a turn. */
const TEXT_SLICE = 16_384

/** First row and number of rows, IPv4 and IPv6. */
type PackedPrefixes = readonly [number, number, number, number]

/** Packs in slices, with `pause` awaited between them. Conjunctions that hold for nobody are left out. */
export async function packFootprints(
  footprints: readonly Footprint[],
  pause: () => Promise<void>,
): Promise<PackedFootprints> {
  const v4 = new RowWriter(4)
  const v6 = new RowWriter(6)
  const known = new Map<readonly Prefix[], PackedPrefixes>()
  let written = 0
  for (const list of listsOf(footprints)) {
    if (known.has(list)) continue
    const [from4, from6] = [v4.count, v6.count]
    const rows = knownRows(list)
    if (rows !== undefined) {
      v4.append(rows.v4)
      v6.append(rows.v6)
      await pause()
    } else {
      for (const prefix of list) {
        ;(prefix.version === 4 ? v4 : v6).add(prefix)
        if (++written % SLICE === 0) await pause()
      }
    }
    known.set(list, [from4, v4.count - from4, from6, v6.count - from6])
  }
  const place = (prefixes: readonly Prefix[]): PackedPrefixes => known.get(prefixes) ?? [0, 0, 0, 0]
  const texts: string[] = []
  let unpaused = TEXT_SLICE
  for (const footprint of footprints) {
    if (unpaused >= TEXT_SLICE) {
      unpaused = 0
      await pause()
    }
    const text = JSON.stringify(packOne(footprint, place))
    unpaused += text.length
    texts.push(text)
  }
  await pause()
  return { text: `[${texts.join(',')}]`, v4: v4.rows, v6: v6.rows }
}

/** The footprints again. Throws ZodError or SyntaxError for what was not packed here. */
export function unpackFootprints({ text, v4, v6 }: PackedFootprints): readonly Footprint[] {
  const lists = new Map<string, readonly Prefix[]>()
  const read = (packed: PackedPrefixes): readonly Prefix[] => {
    const key = packed.join()
    let list = lists.get(key)
    if (list === undefined) {
      const [from4, count4, from6, count6] = packed
      const prefixes: Prefix[] = []
      prefixes.length = count4 + count6
      readRows(4, v4, from4, count4, prefixes, 0)
      readRows(6, v6, from6, count6, prefixes, count4)
      list = prefixes
      lists.set(key, list)
    }
    return list
  }
  return z
    .array(packedFootprintSchema)
    .parse(JSON.parse(text))
    .map((footprint) => unpackOne(footprint, read))
}

const prefixesSchema = z.tuple([z.int(), z.int(), z.int(), z.int()]).exactOptional()
const factsSchema = {
  asns: z.array(z.number()).exactOptional(),
  countries: z.array(z.string()).exactOptional(),
  subdivisions: z.array(z.string()).exactOptional(),
}
const packedConjunctionSchema = z.strictObject({
  prefixes: prefixesSchema,
  ...factsSchema,
  excluded: z.strictObject({ prefixes: prefixesSchema, ...factsSchema }).exactOptional(),
  expressions: z.array(z.string()).exactOptional(),
  get sourced(): z.ZodExactOptional<z.ZodArray<typeof packedConstraintSchema>> {
    return z.array(packedConstraintSchema).exactOptional()
  },
})
const packedFootprintSchema = z.union([
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

function packOne(footprint: Footprint, place: (prefixes: readonly Prefix[]) => PackedPrefixes): unknown {
  if (footprint.kind === 'global') return footprint
  return {
    kind: 'some',
    anyOf: footprint.anyOf
      .filter(isMatchable)
      .map(({ prefixes, asns, countries, subdivisions, excluded, expressions, sourced }) => ({
        asns,
        countries,
        subdivisions,
        expressions,
        ...(prefixes && { prefixes: place(prefixes) }),
        ...(excluded && {
          excluded: { ...excluded, ...(excluded.prefixes && { prefixes: place(excluded.prefixes) }) },
        }),
        ...(sourced && {
          sourced: sourced.map(({ sources, within }) => ({ sources, within: packOne(within, place) })),
        }),
      })),
  }
}

function unpackOne(packed: PackedFootprint, read: (packed: PackedPrefixes) => readonly Prefix[]): Footprint {
  if (packed.kind === 'global') return packed
  const unpack = ({ prefixes, excluded, sourced, ...rest }: PackedConjunction): Conjunction => {
    const { prefixes: nowhere, ...others } = excluded ?? {}
    return {
      ...rest,
      ...(prefixes && { prefixes: read(prefixes) }),
      ...(excluded && { excluded: { ...others, ...(nowhere && { prefixes: read(nowhere) }) } }),
      ...(sourced && {
        sourced: sourced.map(({ sources, within }) => ({ sources, within: unpackOne(within, read) })),
      }),
    }
  }
  return { kind: 'some', anyOf: packed.anyOf.map(unpack) }
}

function* listsOf(footprints: readonly Footprint[]): Iterable<readonly Prefix[]> {
  for (const footprint of footprints) {
    if (footprint.kind === 'global') continue
    for (const conjunction of footprint.anyOf) {
      if (!isMatchable(conjunction)) continue
      const { prefixes, excluded, sourced = [] } = conjunction
      if (prefixes !== undefined) yield prefixes
      if (excluded?.prefixes !== undefined) yield excluded.prefixes
      yield* listsOf(sourced.map(({ within }) => within))
    }
  }
}
