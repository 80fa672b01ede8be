import type { Advertisement } from '../../fci/advertisement.ts'
import { type Change, compareAdvertisements, type SpaceDifference } from '../../fci/compare-advertisements.ts'

export interface AdvertisementComparison {
  /** Of the coverage, 0 to 1. */
  readonly lostShare: number
  /** What changed, in words; bounded. */
  readonly differences: readonly string[]
}

const MAX_LINES = 40
const CHANGES = { added: 'is new', removed: 'is gone', footprint: 'is for other clients' } as const

/** How much of the coverage is gone, and what changed, in short lines for people. */
export function compareInWords(before: Advertisement, after: Advertisement): AdvertisementComparison {
  const difference = compareAdvertisements(before, after)
  const { v4, v6, codes } = difference.lostShares
  const lines = [
    ...(difference.moq === undefined ? [] : spaceLines('MoQ', difference.moq)),
    ...spaceLines('delivery', difference.delivery),
    ...difference.capabilities.map(({ type, change, value }) => `${type} ${CHANGES[change]}: ${value}`),
    ...(difference.furtherCapabilities > 0 ? [`${difference.furtherCapabilities} more capabilities`] : []),
  ]
  const further = lines.length - MAX_LINES
  return {
    lostShare: Math.max(v4, v6, codes),
    differences: further > 0 ? [...lines.slice(0, MAX_LINES), `${further} more differences`] : lines,
  }
}

const UNITS = [
  ['v4', 'IPv4 addresses'],
  ['v6', 'IPv6 /48 prefixes'],
  ['asns', 'AS numbers'],
  ['countries', 'countries'],
  ['subdivisions', 'subdivisions'],
] as const

function spaceLines(what: string, space: SpaceDifference): readonly string[] {
  return UNITS.flatMap(([key, unit]) => [
    ...amountLine(`${what} loses`, unit, space[key].lost, space[key].lostExamples, space[key]),
    ...amountLine(`${what} gains`, unit, space[key].gained, space[key].gainedExamples, space[key]),
  ])
}

function amountLine(
  what: string,
  unit: string,
  amount: number,
  examples: readonly string[],
  { before, after }: Change,
): readonly string[] {
  if (amount === 0) return []
  const some = examples.length === 0 ? '' : `, e.g. ${examples.join(', ')}`
  return [`${what} ${amount} ${unit} (${before} before, ${after} now)${some}`]
}
