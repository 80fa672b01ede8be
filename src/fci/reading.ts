import type { Diagnostic } from './advertisement.ts'
import { AdvertisementError } from './advertisement-error.ts'
import type { DiagnosticCode } from './diagnostic-clauses.ts'
import type { PrefixColumns } from './prefix-columns.ts'
import type { PrefixRuns } from './prefix-runs.ts'

/** How a peer's documents are read. Every member has a default. */
export interface ReadOptions {
  /**
   * `lenient` (default) repairs what has one plain meaning and says so; `strict` refuses the value instead.
   * Neither ever widens a footprint beyond what was written.
   */
  readonly mode?: 'lenient' | 'strict'
  /**
   * How different footprint types in one list combine: `and` (default; RFC 8008 Appendix B, RFC 9388 2.2), or `or`
   * for a peer that follows draft-arolovitch-cdni-named-footprints-01 1.3.
   */
  readonly combination?: 'and' | 'or'
  /** Most footprint values in one advertisement; default 1 000 000. */
  readonly maxFootprintValues?: number
  /** Most capability objects; default 10 000. */
  readonly maxCapabilities?: number
  /** Most conjunctions of one footprint once its unions are multiplied out; default 4096. */
  readonly maxConjunctions?: number
  /** Most diagnostics kept; default 1000. */
  readonly maxDiagnostics?: number
  /** Longest text for `parseAdvertisementText`, in characters; default 64 Mi. */
  readonly maxLength?: number
}

/** What one reading shares: its options, its findings and what is left of its budget. */
export interface Reading {
  readonly lenient: boolean
  readonly combination: 'and' | 'or'
  readonly maxConjunctions: number
  readonly maxCapabilities: number
  readonly error: (code: DiagnosticCode, pointer: string, message: string) => void
  readonly warn: (code: DiagnosticCode, pointer: string, message: string) => void
  /** Throws AdvertisementError `too-large` when the values read so far pass the limit. */
  readonly spendValues: (count: number, pointer: string) => void
  /** How many different qualifiers the document gives this AS number (`1234:1` and `1234:2` are two). */
  readonly qualifiersOf: (asn: number) => number
  /** Whether this many more value comparisons may be spent on multiplying footprints out. */
  readonly affords: (work: number) => boolean
  /** The prefixes that were taken out of this place of the text; see `PrefixRuns`. */
  readonly takeRun: (pointer: string, version: 4 | 6) => PrefixColumns | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/** Value comparisons for all products of one advertisement: seconds, not minutes, and far above any honest need. */
const MAX_WORK = 50_000_000

/** Starts a reading. `qualifiedAsns` is asked at most once, when a qualified AS number turns up. */
export function startReading(
  options: ReadOptions,
  qualifiedAsns: () => ReadonlyMap<number, ReadonlySet<string>>,
  runs?: PrefixRuns,
): Reading {
  const diagnostics: Diagnostic[] = []
  const maxDiagnostics = options.maxDiagnostics ?? 1000
  const maxValues = options.maxFootprintValues ?? 1_000_000
  let values = 0
  let work = 0
  let qualified: ReadonlyMap<number, ReadonlySet<string>> | undefined

  const report = (severity: Diagnostic['severity'], code: DiagnosticCode, pointer: string, message: string): void => {
    if (diagnostics.length < maxDiagnostics) diagnostics.push({ severity, code, message, pointer })
    else if (diagnostics.length === maxDiagnostics) {
      const rest = `more than ${maxDiagnostics} findings; the rest is not listed`
      diagnostics.push({ severity: 'warning', code: 'diagnostics-truncated', message: rest, pointer })
    }
  }
  return {
    lenient: options.mode !== 'strict',
    combination: options.combination ?? 'and',
    maxConjunctions: options.maxConjunctions ?? 4096,
    maxCapabilities: options.maxCapabilities ?? 10_000,
    error: (code, pointer, message) => report('error', code, pointer, message),
    warn: (code, pointer, message) => report('warning', code, pointer, message),
    spendValues: (count, pointer) => {
      values += count
      if (values > maxValues) {
        throw new AdvertisementError('too-large', pointer, `more than ${maxValues} footprint values`)
      }
    },
    qualifiersOf: (asn) => {
      qualified ??= qualifiedAsns()
      return qualified.get(asn)?.size ?? 0
    },
    affords: (further) => {
      work += further
      return work <= MAX_WORK
    },
    takeRun: (pointer, version) => runs?.take(pointer, version),
    diagnostics,
  }
}

/** A strict reading of what is canonical already: nobody looks at its findings. */
export function silentReading(): Reading {
  return startReading({ mode: 'strict', maxDiagnostics: 0 }, () => new Map())
}

/** A foreign value for a message: quoted, on one line, at most 64 characters. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
  if (value === undefined) return 'nothing'
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  return Array.isArray(value) ? 'an array' : 'an object'
}
