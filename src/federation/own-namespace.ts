import { AdvertisementError } from '../fci/advertisement-error.ts'
import type { JsonValue } from '../fci/canonical-json.ts'
import { formatDateTime } from '../fci/date-time.ts'
import type { FootprintNamespace } from '../fci/named/named-footprint.ts'
import { parseNamedDocument } from '../fci/named/read-named-document.ts'

/** A named footprint that we publish ([NF] 3.3.1). */
export interface OwnFootprint {
  readonly name: string
  /** The name of the one that encloses it, in the same namespace. */
  readonly parent?: string | undefined
  /** A Footprint object on the wire; one without values is for nobody ([NF] 2.1). */
  readonly definition: JsonValue
}

/** A namespace that we publish ([NF] 3.3.2). */
export interface OwnNamespace {
  readonly name: string
  readonly type: 'coverage' | 'resource'
  /** How long a reader may keep what it has read, at least. */
  readonly ttlSeconds: number
  readonly footprints: readonly OwnFootprint[]
}

export type UriOf = (namespace: string, footprint: string) => string

/**
 * When what is read now expires: at least a time to live from now, and the same moment for everybody until that is
 * renewed, so that texts and entity tags change no oftener than once in that time.
 */
export function expiryOf(ttlSeconds: number, now: number): number {
  const ttl = ttlSeconds * 1000
  return (Math.floor(now / ttl) + 2) * ttl
}

/**
 * A namespace as its readers will understand it, and what is wrong with it: names or references that lead nowhere, and
 * what breaks the rules of [NF] 2.2 and 2.6 provably, with an example address.
 */
export function readOwnNamespace(
  own: OwnNamespace,
  now: number,
  uriOf: UriOf,
): { readonly namespace: FootprintNamespace | undefined; readonly faults: readonly string[] } {
  const lost = misplacedIn(own.footprints)
  const document = {
    'footprint-namespace': own.name,
    'footprint-type': own.type,
    footprints: printBelow(undefined, own, expiryOf(own.ttlSeconds, now), uriOf, new Set()),
  }
  try {
    const read = parseNamedDocument(document, { mode: 'strict' })
    const faults = read.diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)
    return { namespace: read.kind === 'namespace' ? read.namespace : undefined, faults: [...lost, ...faults] }
  } catch (error) {
    if (!(error instanceof AdvertisementError)) throw error
    return { namespace: undefined, faults: [...lost, error.message] }
  }
}

/** Footprints below one that is not there, or below themselves. */
function misplacedIn(footprints: readonly OwnFootprint[]): readonly string[] {
  const byName = new Map(footprints.map((footprint) => [footprint.name, footprint]))
  return footprints.flatMap(({ name, parent }) => {
    const above = new Set([name])
    for (let at = parent; at !== undefined; at = byName.get(at)?.parent) {
      if (!byName.has(at)) return [`${JSON.stringify(name)} is below ${JSON.stringify(at)}, which there is not`]
      if (above.has(at)) return [`${JSON.stringify(name)} is below itself`]
      above.add(at)
    }
    return []
  })
}

function printBelow(
  parent: string | undefined,
  own: OwnNamespace,
  expiresAt: number,
  uriOf: UriOf,
  above: ReadonlySet<string>,
): readonly JsonValue[] {
  return own.footprints
    .filter((footprint) => footprint.parent === parent && !above.has(footprint.name))
    .map(({ name, definition }): JsonValue => {
      const below = printBelow(name, own, expiresAt, uriOf, new Set([...above, name]))
      return {
        'footprint-name': name,
        'footprint-uri': uriOf(own.name, name),
        'footprint-expires': formatDateTime(expiresAt),
        'footprint-def': definition,
        ...(below.length === 0 ? {} : { subfootprints: below }),
      }
    })
}
