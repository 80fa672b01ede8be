import type { Footprint } from '../fci/footprint.ts'
import { printFootprint } from '../fci/print-footprints.ts'

/** Whether a footprint is printed as one `footprints` list, and so in one FCI Base Object. */
export function isOneList(footprint: Footprint): boolean {
  const { lists, withheld } = printFootprint(footprint)
  return lists.length === 1 && withheld.length === 0
}

/** The same clients in footprints that are one list each, where several objects say what one does. */
export function splitIntoLists(footprint: Footprint): readonly Footprint[] {
  if (footprint.kind === 'global' || isOneList(footprint)) return [footprint]
  return footprint.anyOf.map((conjunction) => ({ kind: 'some', anyOf: [conjunction] }))
}
