import { isJsonList, isJsonObject } from './canonical-json.ts'
import { qualifiedAsnsIn } from './mel/seed-forms.ts'
import { splitQualifiedAsn } from './read-footprint-values.ts'

/** Qualifiers per AS number anywhere in these Footprint objects, alone or in lists. */
export function collectQualifiedAsns(all: readonly unknown[]): ReadonlyMap<number, ReadonlySet<string>> {
  const qualifiers = new Map<number, Set<string>>()
  const visit = (footprints: unknown, depth: number): void => {
    for (const footprint of isJsonList(footprints) ? footprints : [footprints]) {
      if (!isJsonObject(footprint)) continue
      const values = footprint['footprint-value']
      if (footprint['footprint-type'] === 'footprintunion' && depth === 0) visit(values, 1)
      for (const value of isJsonList(values) ? values : [values]) {
        for (const { asn, qualifier } of qualifiedAsns(value)) {
          qualifiers.set(asn, (qualifiers.get(asn) ?? new Set()).add(qualifier))
        }
      }
    }
  }
  for (const footprint of all) visit(footprint, 0)
  return qualifiers
}

function qualifiedAsns(value: unknown): readonly { readonly asn: number; readonly qualifier: string }[] {
  if (typeof value !== 'string') return []
  const whole = splitQualifiedAsn(value)
  return whole === undefined ? qualifiedAsnsIn(value) : [whole]
}
