import type { Diagnostic } from '../advertisement.ts'
import type { ClientFacts, FootprintMatch } from '../match-footprint.ts'
import { compareMatches, matchFootprint } from '../match-footprint.ts'
import { formatAddress } from '../prefix.ts'
import type { ResolvedNamespace, ResolvedNode } from './resolve-named.ts'

export interface NamedMatch {
  /** From the root to the deepest footprint that holds the client; that one counts ([NF] 2.2). */
  readonly path: readonly ResolvedNode[]
  /** What the publisher did wrong with this client; the pointer is empty. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * To which footprint of a namespace a client belongs; undefined if to none. Where siblings both hold the client, which
 * [NF] 2.6 rules out, the more specific match counts, then the one that comes first.
 */
export function findNamedFootprint(namespace: ResolvedNamespace, client: ClientFacts): NamedMatch | undefined {
  const path: ResolvedNode[] = []
  const diagnostics: Diagnostic[] = []
  let level = namespace.roots
  for (;;) {
    const found = pick(level, client)
    const [first, second] = found
    if (first === undefined) break
    if (second !== undefined) {
      const names = found.map(({ footprint }) => JSON.stringify(footprint.name)).join(', ')
      const message = `${formatAddress(client.address)} is in ${names}, which are siblings in ${JSON.stringify(namespace.name)}; the first is taken`
      diagnostics.push({ severity: 'warning', code: 'footprint-ambiguous', message, pointer: '' })
    }
    path.push(first.footprint)
    level = first.footprint.children
  }
  return path.length === 0 ? undefined : { path, diagnostics }
}

/** Those of a level that hold the client, the one to be taken first. */
function pick(
  level: readonly ResolvedNode[],
  client: ClientFacts,
): readonly { readonly footprint: ResolvedNode; readonly match: FootprintMatch }[] {
  return level
    .flatMap((footprint) => {
      const match = matchFootprint(footprint.extent, client)
      return match === undefined ? [] : [{ footprint, match }]
    })
    .sort((a, b) => compareMatches(a.match, b.match))
}
