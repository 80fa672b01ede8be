import { quote } from '../reading.ts'
import type { FootprintNamespace, NamedFootprint } from './named-footprint.ts'
import { descend } from './named-footprint.ts'
import { findOutside, provableSetOf } from './provable-sets.ts'
import type { TreeReading } from './read-named-footprint.ts'
import { findOverlaps } from './sibling-overlaps.ts'

/**
 * Reports what breaks the rules of [NF] 2.2, 2.6 and 3.3.2 provably, which is whatever needs no data source: names and
 * URIs twice, children outside their parents, siblings that share clients, parents that expire before their children.
 */
export function checkHierarchy(namespaces: readonly FootprintNamespace[], tree: TreeReading): void {
  const uris = new Map<string, string>()
  for (const namespace of namespaces) {
    const names = new Map<string, string>()
    for (const root of namespace.roots) {
      for (const footprint of descend(root)) {
        const pointer = tree.pointerOf.get(footprint) ?? ''
        checkUnique(names, footprint.name, `${pointer}/footprint-name`, 'name', tree)
        if (footprint.uri !== undefined) checkUnique(uris, footprint.uri, `${pointer}/footprint-uri`, 'URI', tree)
        checkChildren(footprint, tree)
      }
    }
    checkSiblings(namespace.roots, tree)
  }
}

function checkUnique(
  known: Map<string, string>,
  value: string,
  pointer: string,
  what: 'name' | 'URI',
  { reading }: TreeReading,
): void {
  const first = known.get(value)
  if (first === undefined) known.set(value, pointer)
  else
    reading.error(
      what === 'name' ? 'named-name-twice' : 'named-uri-twice',
      pointer,
      `the ${what} ${quote(value)} stands at ${first} too`,
    )
}

function checkChildren(parent: NamedFootprint, tree: TreeReading): void {
  const { reading, pointerOf } = tree
  const around = parent.children.length > 0 ? provableSetOf(parent.definition) : undefined
  for (const child of parent.children) {
    const pointer = pointerOf.get(child) ?? ''
    if ((child.expiresAt ?? 0) > (parent.expiresAt ?? Number.POSITIVE_INFINITY)) {
      const message = `it outlives its parent ${quote(parent.name)}, which is to be fetched less often ([NF] 4.1)`
      reading.warn('named-expires-after-parent', `${pointer}/footprint-expires`, message)
    }
    const outside = around && findOutside(around, child.definition)
    if (outside !== undefined) {
      const message = `${outside} is in it and not in its parent ${quote(parent.name)} ([NF] 2.2)`
      reading.error('named-outside-parent', `${pointer}/footprint-def`, message)
    }
  }
  checkSiblings(parent.children, tree)
}

function checkSiblings(siblings: readonly NamedFootprint[], { reading, pointerOf }: TreeReading): void {
  for (const { first, second, example } of findOverlaps(siblings)) {
    const message = `${example} is in its sibling ${quote(first.name)} too ([NF] 2.6)`
    reading.error('named-siblings-overlap', `${pointerOf.get(second) ?? ''}/footprint-def`, message)
  }
}
