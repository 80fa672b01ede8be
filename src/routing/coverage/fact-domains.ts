import type { ExpressionReach } from '../../fci/expression-reach.ts'
import type { ClientFacts } from '../../fci/match-footprint.ts'
import type { FactTable } from '../fact-table.ts'

/** The values that one fact has in a table, each once. */
export interface FactDomain<T> {
  /** Undefined for "unknown". */
  readonly values: readonly (T | undefined)[]
  readonly positionOf: ReadonlyMap<T | undefined, number>
  /**
   * The positions whose values an expression, which reads nothing else, admits: one bit each. Found once for each
   * expression, since columns often say the same and keep saying it.
   */
  readonly admittedBy: (reach: ExpressionReach, clientWith: (value: T | undefined) => ClientFacts) => Uint32Array
}

/** The domains of a table, and where in them its facts are. */
export interface FactDomains {
  readonly asns: FactDomain<number>
  /** By number of facts. */
  readonly asnAt: Uint32Array
  readonly countries: FactDomain<string>
  /** By number of place. */
  readonly countryAt: Uint32Array
  readonly subdivisions: FactDomain<string>
  readonly subdivisionAt: Uint32Array
}

const known = new WeakMap<FactTable, FactDomains>()

/** Found once for each table, because every column asks. */
export function factDomains(table: FactTable): FactDomains {
  const held = known.get(table)
  if (held !== undefined) return held
  const asns = collectDomain(table.asns, (asn) => (asn < 0 ? undefined : asn))
  const countries = collectDomain(table.places, ({ country }) => country)
  const subdivisions = collectDomain(table.places, ({ subdivision }) => subdivision)
  const domains = {
    asns: asns.domain,
    asnAt: asns.at,
    countries: countries.domain,
    countryAt: countries.at,
    subdivisions: subdivisions.domain,
    subdivisionAt: subdivisions.at,
  }
  known.set(table, domains)
  return domains
}

function collectDomain<S, T>(
  items: ArrayLike<S> & Iterable<S>,
  valueOf: (item: S) => T | undefined,
): { readonly domain: FactDomain<T>; readonly at: Uint32Array } {
  const values: (T | undefined)[] = []
  const positionOf = new Map<T | undefined, number>()
  const at = new Uint32Array(items.length)
  let number = 0
  for (const item of items) {
    const value = valueOf(item)
    let position = positionOf.get(value)
    if (position === undefined) {
      position = values.push(value) - 1
      positionOf.set(value, position)
    }
    at[number++] = position
  }
  const admitted = new WeakMap<ExpressionReach, Uint32Array>()
  return {
    at,
    domain: {
      values,
      positionOf,
      admittedBy(reach, clientWith) {
        let bits = admitted.get(reach)
        if (bits === undefined) {
          bits = new Uint32Array(Math.ceil(values.length / 32))
          for (const [position, value] of values.entries()) {
            if (reach.holdsFor(clientWith(value)))
              bits[position >>> 5] = (bits[position >>> 5] ?? 0) | (1 << (position & 31))
          }
          admitted.set(reach, bits)
        }
        return bits
      },
    },
  }
}
