import { createHash } from 'node:crypto'
import type { JsonValue } from '../canonical-json.ts'
import { canonicalJson } from '../canonical-json.ts'
import { formatDateTime } from '../date-time.ts'
import type { Footprint } from '../footprint.ts'
import { printFootprintExpression } from '../mel/print-footprint-expression.ts'
import { ALL_PREFIXES } from '../prefix-set.ts'
import type { WireFootprint } from '../print-footprints.ts'
import { printFootprint } from '../print-footprints.ts'
import type { FootprintNamespace, NamedFootprint } from './named-footprint.ts'

/** A NamedFootprint object ([NF] 3.3.1) on the wire. */
export type WireNamedFootprint = {
  readonly 'footprint-name': string
  readonly 'footprint-uri': string
  readonly 'footprint-expires': string
  readonly 'footprint-def': WireFootprint
  readonly subfootprints?: readonly WireNamedFootprint[]
}

/** A NamedFootprintNamespace object ([NF] 3.3.2) on the wire. */
export type WireNamespace = {
  readonly 'footprint-namespace': string
  readonly 'footprint-type': 'coverage' | 'resource'
  readonly footprints: readonly WireNamedFootprint[]
}

/** Published in place of a definition that one Footprint object cannot say: a footprint without values ([NF] 2.1). */
const NOBODY_OBJECT: WireFootprint = { 'footprint-type': 'ipv4cidr', 'footprint-value': [] }

/** The strict form. Footprints without URI or expiry, which are mandatory, are left out with all below them. */
export function printNamespace({ name, type, roots }: FootprintNamespace): WireNamespace {
  return { 'footprint-namespace': name, 'footprint-type': type, footprints: printAll(roots) }
}

/** The strict form of one footprint; undefined if it lacks its URI or its expiry. */
export function printNamedFootprint(footprint: NamedFootprint): WireNamedFootprint | undefined {
  const { name, uri, expiresAt, definition, children } = footprint
  if (uri === undefined || expiresAt === undefined) return undefined
  const subfootprints = printAll(children)
  return {
    'footprint-name': name,
    'footprint-uri': uri,
    'footprint-expires': formatDateTime(expiresAt),
    'footprint-def': printDefinition(definition) ?? NOBODY_OBJECT,
    ...(subfootprints.length > 0 && { subfootprints }),
  }
}

function printAll(footprints: readonly NamedFootprint[]): readonly WireNamedFootprint[] {
  return footprints.map(printNamedFootprint).filter((footprint) => footprint !== undefined)
}

/**
 * A footprint as the one Footprint object that a definition may be ([NF] 3.3.1): a plain object, a footprintunion, or
 * an expression, in this order of preference. Undefined if none of them can say it.
 */
export function printDefinition(footprint: Footprint): WireFootprint | undefined {
  if (footprint.kind === 'global') return printDefinition({ kind: 'some', anyOf: [{ prefixes: ALL_PREFIXES }] })
  if (footprint.anyOf.length === 0) return NOBODY_OBJECT
  const { lists, withheld } = printFootprint(footprint)
  const [list = [], ...others] = lists
  const [only, ...beside] = list
  if (only !== undefined && others.length === 0 && beside.length === 0 && withheld.length === 0) return only
  const expression = printFootprintExpression(footprint.anyOf)
  return expression === undefined ? undefined : { 'footprint-type': 'expr', 'footprint-value': [expression] }
}

/** A strong version of what is printed, fit for an ETag: the SHA-256 of its canonical JSON (RFC 8785), in base64url. */
export function versionOfPrinted(printed: JsonValue): string {
  return createHash('sha256').update(canonicalJson(printed)).digest('base64url')
}
