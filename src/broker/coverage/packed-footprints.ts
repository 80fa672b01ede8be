import { z } from 'zod'
import type { Footprint } from '../../fci/footprint.ts'
import { isMatchable } from '../../fci/match-footprint.ts'
import type { Prefix } from '../../fci/prefix.ts'
import { packedFootprintSchema, packFootprint, unpackFootprint } from '../packed/footprint-shape.ts'
import { knownRows, RowWriter, readRows } from '../packed/prefix-rows.ts'

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

/** First row and number of rows of each list of prefixes, IPv4 and IPv6, and the footprints. */
const packedSchema = z.strictObject({
  lists: z.array(z.tuple([z.int(), z.int(), z.int(), z.int()])),
  footprints: z.array(packedFootprintSchema),
})

/** Packs in slices, with `pause` awaited between them. Conjunctions that hold for nobody are left out. */
export async function packFootprints(
  footprints: readonly Footprint[],
  pause: () => Promise<void>,
): Promise<PackedFootprints> {
  const v4 = new RowWriter(4)
  const v6 = new RowWriter(6)
  const known = new Map<readonly Prefix[], number>()
  const lists: z.infer<typeof packedSchema>['lists'] = []
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
    known.set(list, lists.length)
    lists.push([from4, v4.count - from4, from6, v6.count - from6])
  }
  const place = (prefixes: readonly Prefix[]): number => known.get(prefixes) ?? -1
  const texts: string[] = []
  let unpaused = TEXT_SLICE
  for (const footprint of footprints) {
    if (unpaused >= TEXT_SLICE) {
      unpaused = 0
      await pause()
    }
    const text = JSON.stringify(packFootprint(matchableOf(footprint), place))
    unpaused += text.length
    texts.push(text)
  }
  await pause()
  return { text: `{"lists":${JSON.stringify(lists)},"footprints":[${texts.join(',')}]}`, v4: v4.rows, v6: v6.rows }
}

/** The footprints again. Throws ZodError, SyntaxError or RangeError for what was not packed here. */
export function unpackFootprints({ text, v4, v6 }: PackedFootprints): readonly Footprint[] {
  const packed = packedSchema.parse(JSON.parse(text))
  const lists = packed.lists.map(([from4, count4, from6, count6]): readonly Prefix[] => {
    const list: Prefix[] = []
    list.length = count4 + count6
    readRows(4, v4, from4, count4, list, 0)
    readRows(6, v6, from6, count6, list, count4)
    return list
  })
  const read = (place: number): readonly Prefix[] => {
    const list = lists[place]
    if (list === undefined) throw new RangeError(`packed footprints have no list ${place}`)
    return list
  }
  return packed.footprints.map((footprint) => unpackFootprint(footprint, read))
}

function matchableOf(footprint: Footprint): Footprint {
  if (footprint.kind === 'global') return footprint
  const anyOf = footprint.anyOf.filter(isMatchable).map((conjunction) => {
    const { sourced } = conjunction
    if (sourced === undefined) return conjunction
    return { ...conjunction, sourced: sourced.map(({ sources, within }) => ({ sources, within: matchableOf(within) })) }
  })
  return { kind: 'some', anyOf }
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
