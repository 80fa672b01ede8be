import type { AddressRange } from '../address-ranges.ts'
import { formatAddress } from '../prefix.ts'
import type { NamedFootprint } from './named-footprint.ts'
import { provableParts } from './provable-sets.ts'

export interface Overlap {
  readonly first: NamedFootprint
  readonly second: NamedFootprint
  /** An address or a code of both. */
  readonly example: string
}

/** Most overlaps that are told of one family. */
const MAX_OVERLAPS = 100

/** Siblings that provably share clients ([NF] 2.6), each pair once. Takes time linear in what they hold, but for sorting. */
export function findOverlaps(siblings: readonly NamedFootprint[]): readonly Overlap[] {
  if (siblings.length < 2) return []
  const found = new Map<string, Overlap>()
  const position = new Map(siblings.map((sibling, i) => [sibling, i]))
  const report = (a: NamedFootprint, b: NamedFootprint, example: string): void => {
    const [i, j] = [position.get(a) ?? 0, position.get(b) ?? 0]
    if (i === j || found.size >= MAX_OVERLAPS) return
    const [first, second] = i < j ? [a, b] : [b, a]
    const key = `${Math.min(i, j)} ${Math.max(i, j)}`
    if (!found.has(key)) found.set(key, { first, second, example })
  }
  const ranges: Readonly<Record<4 | 6, OwnedRange[]>> = { 4: [], 6: [] }
  const byCode = new Map<string, NamedFootprint>()
  for (const sibling of siblings) {
    for (const part of provableParts(sibling.definition)) {
      if (part.kind === 'addresses') {
        for (const range of part.addresses.v4) ranges[4].push({ range, of: sibling })
        for (const range of part.addresses.v6) ranges[6].push({ range, of: sibling })
        continue
      }
      for (const code of part.codes) {
        const other = byCode.get(`${part.key} ${code}`)
        if (other === undefined) byCode.set(`${part.key} ${code}`, sibling)
        else report(other, sibling, code)
      }
    }
  }
  for (const version of [4, 6] as const) {
    for (const [a, b] of overlapping(ranges[version])) {
      report(a.of, b.of, formatAddress({ version, value: b.range.first }))
    }
  }
  return [...found.values()]
}

interface OwnedRange {
  readonly range: AddressRange
  readonly of: NamedFootprint
}

/** Pairs of ranges that overlap: of every range, the one that reaches furthest among those that begin no later. */
function* overlapping(ranges: OwnedRange[]): Generator<readonly [OwnedRange, OwnedRange]> {
  ranges.sort((a, b) => compare(a.range.first, b.range.first))
  let furthest: OwnedRange | undefined
  for (const one of ranges) {
    if (furthest !== undefined && one.range.first <= furthest.range.last) yield [furthest, one]
    if (furthest === undefined || one.range.last > furthest.range.last) furthest = one
  }
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
