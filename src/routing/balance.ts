import type { Contender } from './contender.ts'
import { compareNumbers } from './contender.ts'
import type { Measured } from './measured.ts'
import type { Balance } from './policy.ts'

/** Where measurements and prices put one of several providers of equal priority. */
export interface Balanced {
  /** Slower than the guard allows: behind all that are not. */
  readonly beyond: boolean
  /** The lower stands first: the price, the round trip of those beyond, else 0. */
  readonly rank: number
  readonly because: string | undefined
  readonly rttMs: number | undefined
  /** The longest round trip that is not beyond. */
  readonly allowedMs: number
}

/** Where nothing but the draw tells equals apart. */
export const EQUAL: Balanced = {
  beyond: false,
  rank: 0,
  because: undefined,
  rttMs: undefined,
  allowedMs: Number.POSITIVE_INFINITY,
}

/** In the order of the contenders. `measured` holds what is known of each, in the same order. */
export function balance(
  contenders: readonly Contender[],
  measured: readonly (Measured | undefined)[],
  { by, withinMs, withinPercent }: Balance,
): readonly Balanced[] {
  if (by === 'weight' || contenders.length < 2) return contenders.map(() => EQUAL)
  const fastest = Math.min(...measured.map((one) => one?.rttMs ?? Number.POSITIVE_INFINITY))
  const allowed = fastest + Math.max(withinMs, (fastest * withinPercent) / 100)
  return contenders.map(({ price }, i) => {
    const one = measured[i]
    const rtt = one?.rttMs
    const speed = one === undefined || rtt === undefined ? 'its round trip is not known' : describe(rtt, one)
    if (rtt !== undefined && rtt > allowed) {
      return {
        beyond: true,
        rank: rtt,
        because: `behind: ${speed}, and ${milliseconds(allowed)} is the most allowed`,
        rttMs: rtt,
        allowedMs: allowed,
      }
    }
    switch (by) {
      case 'latency':
        return {
          beyond: false,
          rank: 0,
          because: `fast enough: ${speed}, up to ${milliseconds(allowed)} is equal`,
          rttMs: rtt,
          allowedMs: allowed,
        }
      case 'cost':
        return {
          beyond: false,
          rank: price ?? Number.POSITIVE_INFINITY,
          because: `price ${price ?? 'unknown, so last'}; fast enough: ${speed}, up to ${milliseconds(allowed)} is equal`,
          rttMs: rtt,
          allowedMs: allowed,
        }
    }
  })
}

export function compareBalanced(a: Balanced, b: Balanced): number {
  return Number(a.beyond) - Number(b.beyond) || compareNumbers(a.rank, b.rank)
}

function describe(rtt: number, { of, weight, ageSeconds }: Measured): string {
  return `${milliseconds(rtt)} (${of}, ${weight < 10 ? weight.toFixed(1) : Math.round(weight)} samples, ${ageSeconds} s old)`
}

export function milliseconds(value: number): string {
  return Number.isFinite(value) ? `${Math.round(value * 10) / 10} ms` : 'any'
}
