import { compareMatches } from '../fci/match-footprint.ts'
import { type Balanced, compareBalanced, milliseconds } from './balance.ts'
import { type Contender, compareNumbers } from './contender.ts'
import type { Behind, Candidate, HealthState, Match, PrecedenceLine } from './decision.ts'

/** All that the lines of the order compare, for one client. */
export interface Placing {
  readonly contender: Contender
  /** Why measurements set it back like a degraded one. */
  readonly poor: string | undefined
  readonly shed: boolean
  readonly place: Balanced
  readonly draw: number
}

interface Line {
  readonly line: PrecedenceLine
  /** Negative if `a` stands before `b`. */
  readonly compare: (a: Placing, b: Placing) => number
  /** Why `last` stands behind `first`, with the values of both. */
  readonly tell: (last: Placed, first: Placed, now: number) => string
}

/** With the match as it is for this very client. */
interface Placed extends Placing {
  readonly matched: Match
}

/** The lines of the published order (docs/routing.md), the first that tells two apart decides. */
const LINES: readonly Line[] = [
  {
    line: 'reserve',
    compare: (a, b) => Number(a.contender.reserve) - Number(b.contender.reserve),
    tell: (last, first) => `weight ${last.contender.weight}, ${id(first)} has ${first.contender.weight}`,
  },
  {
    line: 'health',
    compare: (a, b) => Number(isSetBack(a)) - Number(isSetBack(b)),
    tell: (last, first) => `${setBackInWords(last)}, ${id(first)} is ${healthInWords(first)}`,
  },
  {
    line: 'staleness',
    compare: (a, b) => Number(a.contender.stale) - Number(b.contender.stale),
    tell: (last, first, now) =>
      `its advertisement is stale (confirmed ${confirmed(last, now)}), that of ${id(first)} is fresh (${confirmed(first, now)})`,
  },
  {
    line: 'shedding',
    compare: (a, b) => Number(a.shed) - Number(b.shed),
    tell: (last, first) =>
      `shed for the client's key by its limit of ${last.contender.capacity?.limitType}, ${id(first)} is not`,
  },
  {
    line: 'footprint',
    compare: (a, b) => compareMatches(a.contender.matched, b.contender.matched),
    tell: (last, first) => `less specific: ${matchInWords(last.matched)} after ${matchInWords(first.matched)}`,
  },
  {
    line: 'priority',
    compare: (a, b) => compareNumbers(a.contender.priority, b.contender.priority),
    tell: (last, first) => `priority ${last.contender.priority} after ${first.contender.priority}`,
  },
  {
    line: 'balance',
    compare: (a, b) => compareBalanced(a.place, b.place),
    tell: (last, first) => balanceInWords(last, first),
  },
  {
    line: 'draw',
    compare: (a, b) => compareNumbers(a.draw, b.draw),
    tell: (last, first) => {
      const [behind, ahead] = apart(last.draw, first.draw)
      return `drawn by the client's key: ${behind} with weight ${last.contender.weight} after ${ahead} with weight ${first.contender.weight}`
    },
  },
]

/** Why each but the first stands behind the one before it. `candidates` are those placed, in the same order. */
export function explainOrder(
  placings: readonly Placing[],
  candidates: readonly Candidate[],
  now: number,
): readonly Behind[] {
  const placed = placings.flatMap((placing, i): readonly Placed[] => {
    const candidate = candidates[i]
    return candidate === undefined ? [] : [{ ...placing, matched: candidate.matched }]
  })
  return placed.flatMap((last, i) => {
    const first = placed[i - 1]
    return first === undefined ? [] : [tellApart(last, first, now)]
  })
}

function tellApart(last: Placed, first: Placed, now: number): Behind {
  const decisive = LINES.find(({ compare }) => compare(first, last) !== 0)
  return decisive === undefined
    ? { provider: id(first), line: 'id', because: `equal in all else, so by id: ${id(last)} after ${id(first)}` }
    : { provider: id(first), line: decisive.line, because: decisive.tell(last, first, now) }
}

function id({ contender }: Placing): string {
  return contender.provider.id
}

function isSetBack({ contender, poor }: Placing): boolean {
  return contender.degraded || poor !== undefined
}

function setBackInWords({ contender }: Placing): string {
  return contender.degraded ? 'degraded' : 'counts as degraded by what was measured near the client'
}

function healthInWords({ contender }: Placing): string {
  return HEALTH_IN_WORDS[contender.provider.health.state]
}

const HEALTH_IN_WORDS: Readonly<Record<HealthState, string>> = {
  up: 'up',
  unknown: 'unknown, which counts as up',
  degraded: 'degraded',
  down: 'down, which is ignored in panic',
}

function confirmed({ contender }: Placing, now: number): string {
  const { advertisement } = contender.provider
  return advertisement === undefined
    ? 'never'
    : `${Math.max(0, Math.floor((now - advertisement.confirmedAt) / 1000))} s ago`
}

function matchInWords({ type, value, prefixLength }: Match): string {
  switch (type) {
    case 'ipv4cidr':
    case 'ipv6cidr':
      return `${type} ${value} (${prefixLength} bits)`
    case 'asn':
    case 'countrycode':
    case 'subdivisioncode':
      return `${type} ${value}`
    case 'global':
      return 'global'
  }
}

function balanceInWords(last: Placing, first: Placing): string {
  const { beyond, rttMs, allowedMs } = last.place
  if (!beyond) return `price ${priceInWords(last)} after ${priceInWords(first)}`
  const allowed = `the ${milliseconds(allowedMs)} allowed`
  return first.place.beyond
    ? `${roundTrip(rttMs)} after ${roundTrip(first.place.rttMs)}, both beyond ${allowed}`
    : `${roundTrip(rttMs)} is beyond ${allowed}, ${id(first)} is within (${roundTrip(first.place.rttMs)})`
}

function priceInWords({ contender: { price, admitted } }: Placing): string {
  if (price === undefined) return 'unknown'
  return price === admitted.terms.price ? String(price) : `${price} (its committed volume is behind its pace)`
}

function roundTrip(rttMs: number | undefined): string {
  return rttMs === undefined ? 'not measured' : milliseconds(rttMs)
}

const LEAST_DECIMALS = 4
const MOST_DECIMALS = 20

/** Two different numbers, as short as they can be told apart. */
function apart(a: number, b: number): readonly [string, string] {
  for (let decimals = LEAST_DECIMALS; decimals <= MOST_DECIMALS; decimals++) {
    const [one, other] = [a.toFixed(decimals), b.toFixed(decimals)]
    if (one !== other) return [one, other]
  }
  return [String(a), String(b)]
}
