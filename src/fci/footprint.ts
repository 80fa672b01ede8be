import type { FootprintSource } from './footprint-source.ts'
import type { Prefix } from './prefix.ts'

/**
 * A footprint in canonical form: a disjunction of conjunctions (RFC 8006 4.2.2.2, RFC 9388 2.2; brief 1.3).
 * `global` is the footprint of an object that names none (RFC 9241 3.6).
 */
export type Footprint = { readonly kind: 'global' } | { readonly kind: 'some'; readonly anyOf: readonly Conjunction[] }

/**
 * Every constraint present must hold; inside one constraint any value suffices. At least one is present.
 * `unknown` constraints hold for nobody (fail closed): ignoring one would widen the coverage.
 */
export interface Conjunction {
  /** IPv4 and IPv6 prefixes together; canonical: host bits zero, sorted, no prefix inside another. */
  readonly prefixes?: readonly Prefix[]
  readonly asns?: readonly number[]
  /** ISO 3166-1 alpha-2, lower case. */
  readonly countries?: readonly string[]
  /** ISO 3166-2, lower case, e.g. `us-ny`. */
  readonly subdivisions?: readonly string[]
  /** What must not hold; a conjunction of exclusions alone speaks of the whole address space. */
  readonly excluded?: Exclusion
  /** Expressions that must be true and that no other member can say, in the strict form of `printExpression`. */
  readonly expressions?: readonly string[]
  /**
   * References to named footprints by URI ([NF] 3.1.2): of every clause one must hold. They are resolved before
   * matching (`resolveNamed`); one that is left holds for nobody.
   */
  readonly named?: readonly (readonly string[])[]
  /** What must hold by the facts of certain sources alone; canonical: one for each list of sources. */
  readonly sourced?: readonly SourcedConstraint[]
  /** What we do not know, kept for republication. */
  readonly unknown?: readonly UnknownConstraint[]
}

/** A constraint judged by the facts of these sources and of no other ([NF] 3.2). */
export interface SourcedConstraint {
  readonly sources: readonly FootprintSource[]
  /**
   * Of AS numbers, countries, subdivisions, their exclusions and expressions; without sources of its own, references or
   * anything unknown. Canonical: one conjunction, and what it says of addresses stands in the conjunction around it.
   */
  readonly within: Footprint
}

/** A Footprint object whose type or whose `footprint-source` we do not know. */
export interface UnknownConstraint {
  readonly type: string
  readonly value: unknown
  /** Its `footprint-source` as it came. */
  readonly source?: unknown
}

/**
 * Facts that must be other than these. An unknown AS number, country or subdivision fails, even against an empty list;
 * the address is always known.
 */
export interface Exclusion {
  /** Canonical as above. */
  readonly prefixes?: readonly Prefix[]
  readonly asns?: readonly number[]
  readonly countries?: readonly string[]
  readonly subdivisions?: readonly string[]
}
