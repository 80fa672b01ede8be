import type { Footprint } from '../../fci/footprint.ts'
import type { Address, Prefix } from '../../fci/prefix.ts'
import type { CoverageMatch } from './coverage-match.ts'

/** One party's footprints, compiled together: those of a provider's advertisement, or those that a policy names. */
export interface CoverageColumn {
  readonly id: string
  /** Equal versions mean equal footprints. */
  readonly version: string
  readonly footprints: readonly Footprint[]
}

/** What one column says to every client of a decision class; one object for equal outcomes of one column. */
export interface CoverageOutcome {
  /** One for each footprint that holds the client, in the order of the column; the others are left out. */
  readonly matches: readonly CoverageMatch[]
}

/**
 * Every footprint as a function of the client's address: each address belongs to one decision class, in which all
 * footprints of all columns answer alike. Immutable; a change makes a new map.
 */
export interface CoverageMap {
  /** Changes with any column's version and any geo edition. */
  readonly version: string
  readonly columns: readonly { readonly id: string; readonly version: string }[]
  /** Classes are numbered from 0 to `classCount - 1`. */
  readonly classCount: number
  /** Ranges of both families. */
  readonly rangeCount: number
  /** Memory of ranges and tables. */
  readonly byteCount: number
  /** Reads every range of the family. */
  readonly family: (version: 4 | 6) => FamilySize
  /** The class of an address that `reduceToIpv4` has seen. */
  readonly classOf: (address: Address) => number
  /** The class of a text; -1 if `parseAddress` does not take it. The text is reduced to IPv4 where that is right. */
  readonly classOfText: (text: string) => number
  /** Undefined if the map has no such column. */
  readonly outcome: (classId: number, columnId: string) => CoverageOutcome | undefined
  /** The widest prefix around the address all of whose addresses are in its class (RFC 7871 7.2.1). */
  readonly widestPrefix: (address: Address) => Prefix
  /** All ranges of a family in order, without gaps; neighbours differ in class. */
  readonly ranges: (version: 4 | 6) => Iterable<CoverageRange>
}

export interface FamilySize {
  readonly ranges: number
  /** Decision classes that hold an address of the family; a class may belong to both families. */
  readonly classes: number
  /** Memory of its ranges and its table. */
  readonly bytes: number
}

export interface CoverageRange {
  readonly first: bigint
  readonly last: bigint
  readonly classId: number
}
