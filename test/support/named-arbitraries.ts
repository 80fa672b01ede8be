import fc from 'fast-check'
import type { NamedFootprint } from '../../src/fci/named/named-footprint.ts'
import type { FetchedDocument } from '../../src/fci/named/named-registry.ts'
import { smallFootprint } from './fci-arbitraries.ts'

/** When the footprints of `anyRoots` are looked at. */
export const NOW = Date.parse('2030-01-01T00:00:00Z')

const expiresAt = fc.integer({ min: 1, max: 1000 }).map((seconds) => NOW + seconds * 1000)

type Shape = {
  readonly definition: NamedFootprint['definition']
  readonly expiresAt: number
  readonly below: readonly Shape[]
}

const shape: fc.Arbitrary<Shape> = fc.letrec<{ one: Shape }>((tie) => ({
  one: fc.record({
    // Without references, which other tests make.
    definition: smallFootprint.map((footprint) =>
      footprint.kind === 'global'
        ? footprint
        : { ...footprint, anyOf: footprint.anyOf.filter(({ named }) => named === undefined) },
    ),
    expiresAt,
    below: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant([]),
      fc.array(tie('one'), { maxLength: 3 }),
    ),
  }),
})).one

/** A URI by its place among its siblings and above, such as `.../0/2`. */
export function uriOf(place: string): string {
  return `https://dcdn.example/footprints${place}`
}

function nameBy({ definition, expiresAt: end, below }: Shape, place: string): NamedFootprint {
  return {
    name: place,
    uri: uriOf(place),
    expiresAt: end,
    definition,
    children: below.map((child, i) => nameBy(child, `${place}/${i}`)),
  }
}

/** The roots of a namespace, with names and URIs of their own. */
export const anyRoots: fc.Arbitrary<readonly NamedFootprint[]> = fc
  .array(shape, { minLength: 1, maxLength: 3 })
  .map((shapes) => shapes.map((one, i) => nameBy(one, `/${i}`)))

/** The document that holds these roots, fetched now. */
export function fetched(roots: readonly NamedFootprint[], fetchedAt = NOW): FetchedDocument {
  const namespace = { name: 'default', type: 'coverage' as const, roots }
  return { document: { kind: 'namespace', namespace, diagnostics: [] }, fetchedAt }
}
