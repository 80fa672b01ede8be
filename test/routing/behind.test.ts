import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Behind, Decision, PrecedenceLine } from '../../src/routing/decision.ts'
import type { Measured } from '../../src/routing/measured.ts'
import type { Balance } from '../../src/routing/policy.ts'
import { drawProvider, hashToUnit } from '../../src/routing/rendezvous.ts'
import { defined } from '../support/defined.ts'
import { askOffers, limit, order } from '../support/routing-questions.ts'

const KEY = 'a-viewer'
const MOST_ERRORS = 0.05

/** What the lines of the order depend on, for one provider. */
interface Traits {
  readonly id: string
  readonly weight: number
  readonly degraded: boolean
  readonly errors: number
  readonly stale: boolean
  /** Of 100, with a soft limit of 50. */
  readonly used: number
  readonly serves: keyof typeof SPECIFICITY
  readonly priority: number
  readonly price: number | undefined
  readonly rtt: number | undefined
}

/** The client is 192.0.2.7, in New York. */
const SPECIFICITY = { '192.0.2.0/26': 30, '192.0.2.0/24': 20, as64496: 4, 'us-ny': 3, us: 2, '*': 1 }

const traits = (id: string): fc.Arbitrary<Traits> =>
  fc.record({
    id: fc.constant(id),
    weight: mostly(100, 0, 1, 7),
    degraded: mostly(false, true),
    errors: mostly(0, 0.01, 0.06),
    stale: mostly(false, true),
    used: mostly(0, 60, 90, 99),
    serves: mostly('us', '192.0.2.0/26', '192.0.2.0/24', 'as64496', 'us-ny', '*'),
    priority: mostly(10, 11),
    price: mostly(3, 5, undefined),
    rtt: mostly(30, 45, 80, 90, undefined),
  })

/** Usually the first, so that the later lines of the order are reached. */
function mostly<Value>(usual: Value, ...others: readonly Value[]): fc.Arbitrary<Value> {
  return fc.oneof({ arbitrary: fc.constant(usual), weight: 4 }, { arbitrary: fc.constantFrom(...others), weight: 1 })
}

interface World {
  readonly by: Balance['by']
  readonly providers: readonly Traits[]
}

const world: fc.Arbitrary<World> = fc.record({
  by: fc.constantFrom('weight', 'latency', 'cost'),
  providers: fc.tuple(...['a', 'b', 'c', 'd', 'e'].map(traits)),
})

function ask({ by, providers }: World): Decision {
  const of = new Map(providers.map((one) => [one.id, one]))
  return askOffers(
    providers.map(({ id, weight, degraded, stale, used, serves, priority }) => ({
      id,
      weight,
      priority,
      stale,
      serves: [serves],
      health: { state: degraded ? 'degraded' : 'up' },
      offers: { capacityLimits: [limit('egress', 50, 100, used)] },
    })),
    {
      key: KEY,
      policy: {
        balance: { by, withinMs: 20, withinPercent: 0 },
        quality: { maxErrorShare: MOST_ERRORS },
        terms: new Map(providers.flatMap(({ id, price }) => (price === undefined ? [] : [[id, { price }]]))),
      },
      measured: (id) => measuredOf(defined(of.get(id))),
    },
  )
}

function measuredOf({ errors, rtt }: Traits): Measured {
  return { errorShare: errors, ...(rtt === undefined ? {} : { rttMs: rtt }), of: 'us', weight: 20, ageSeconds: 1 }
}

/** Section 3 of docs/routing.md, read anew: numbers for each line, the lower stands first. */
function readTable({ by, providers }: World, one: Traits): readonly (readonly [PrecedenceLine, readonly number[]])[] {
  const above = aboveBalance(one)
  const equals = providers.filter((other) => String(aboveBalance(other)) === String(above))
  const fastest = Math.min(...equals.map(({ rtt }) => rtt ?? Number.POSITIVE_INFINITY))
  const tooSlow = by !== 'weight' && one.rtt !== undefined && one.rtt > fastest + 20 ? one.rtt : 0
  const price = by === 'cost' && tooSlow === 0 ? (one.price ?? Number.POSITIVE_INFINITY) : 0
  return [
    ...above,
    ['balance', [tooSlow, price]],
    ['draw', [drawProvider(KEY, one.id, one.weight)]],
    ['id', [one.id.charCodeAt(0)]],
  ]
}

function aboveBalance(one: Traits): readonly (readonly [PrecedenceLine, readonly number[]])[] {
  const shed = hashToUnit(`${KEY}\u0000${one.id}\u0000shed`) < (one.used - 50) / 50
  return [
    ['reserve', [one.weight === 0 ? 1 : 0]],
    ['health', [one.degraded || one.errors > MOST_ERRORS ? 1 : 0]],
    ['staleness', [one.stale ? 1 : 0]],
    ['shedding', [shed ? 1 : 0]],
    ['footprint', [-SPECIFICITY[one.serves]]],
    ['priority', [one.priority]],
  ]
}

/** The pairs of neighbours, with why. */
function neighbours(given: World): readonly (readonly [first: Traits, last: Traits, why: Behind])[] {
  const { candidates, behind } = ask(given)
  expect(behind).toHaveLength(candidates.length - 1)
  const of = (i: number): Traits => defined(given.providers.find(({ id }) => id === candidates[i]?.provider))
  return behind.map((why, i) => [of(i), of(i + 1), why])
}

/** The world in which the two have changed places on one line; undefined where the line leaves nothing to exchange. */
function exchanged(given: World, [first, last, { line }]: readonly [Traits, Traits, Behind]): World | undefined {
  const [forFirst, forLast] = [exchange(line, last, first), exchange(line, first, last)]
  if (forFirst === undefined || forLast === undefined) return undefined
  const providers = given.providers.map((one) =>
    one.id === first.id ? { ...one, ...forFirst } : one.id === last.id ? { ...one, ...forLast } : one,
  )
  return { ...given, providers }
}

function exchange(line: PrecedenceLine, from: Traits, to: Traits): Partial<Traits> | undefined {
  switch (line) {
    case 'reserve':
      return { weight: from.weight }
    case 'health':
      return { degraded: from.degraded, errors: from.errors }
    case 'staleness':
      return { stale: from.stale }
    case 'shedding':
      // Who is shed depends on the id too, so it is lifted for both.
      return { used: 0 }
    case 'footprint':
      return { serves: from.serves }
    case 'priority':
      return { priority: from.priority }
    case 'balance':
      return { price: from.price, rtt: from.rtt }
    case 'draw':
      // The draw is inverse to the weight, so these weights exchange the draws.
      return { weight: (to.weight * drawProvider(KEY, to.id, to.weight)) / drawProvider(KEY, from.id, from.weight) }
    case 'id':
      return undefined
  }
}

describe('why a candidate stands behind the one before it', () => {
  test('is the first line of the published order that tells the two apart', () => {
    fc.assert(
      fc.property(world, (given) => {
        for (const [first, last, why] of neighbours(given)) {
          const [ahead, behind] = [readTable(given, first), readTable(given, last)]
          const index = ahead.findIndex(([, numbers], i) => String(numbers) !== String(behind[i]?.[1]))
          const [line, numbers] = defined(ahead[index])
          expect([why.provider, why.line]).toEqual([first.id, line])
          expect(isBefore(numbers, defined(behind[index])[1])).toBe(true)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('is what holds the order: with the named values exchanged the two change places', () => {
    fc.assert(
      fc.property(world, (given) => {
        for (const pair of neighbours(given)) {
          const [first, last, { line }] = pair
          const other = exchanged(given, pair)
          if (other === undefined) continue
          const after = order(ask(other))
          const isReversed = after.indexOf(last.id) < after.indexOf(first.id)
          expect(isReversed).toBe(line === 'shedding' ? stands(other, last.id, first.id) : true)
        }
      }),
      { numRuns: 100 },
    )
  })
})

/** Whether the first comes before the second, by the table. */
function stands(given: World, ...ids: readonly [string, string]): boolean {
  const [one, other] = ids.map((id) =>
    readTable(given, defined(given.providers.find((provider) => provider.id === id))),
  )
  const numbers = (lines: ReturnType<typeof readTable> | undefined) => defined(lines).flatMap(([, all]) => all)
  return isBefore(numbers(one), numbers(other))
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((number, i) => number !== b[i])
  return at !== -1 && (a[at] ?? 0) < (b[at] ?? 0)
}
