import type { CapacityLimit } from '../fci/effective-capabilities.ts'
import type { VolumeTerms } from './policy.ts'

/** What a provider was last said to carry, in the unit of the limit. */
export interface UsageReading {
  readonly value: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** The latest reading for a limit, whatever its age; undefined: none was ever given. */
export type UsageLookup = (provider: string, limit: LimitName) => UsageReading | undefined

/** By what usage and limits find together: the limit's id, its telemetry (RFC 9808 2.2.1), or its type alone. */
export type LimitName = Pick<CapacityLimit, 'id' | 'limitType' | 'telemetrySource'>

/** How full the fullest limit is. */
export interface CapacityVerdict {
  /** Share of keys that are shed, 0 to 1. */
  readonly shed: number
  /** At a hard limit: nobody is sent there. */
  readonly full: boolean
  readonly limitType: string
  readonly used: number
  readonly soft: number
  readonly hard: number
}

export const NO_USAGE: UsageLookup = () => undefined

export interface CapacityQuestion {
  readonly provider: string
  /** All of them apply (RFC 9808 2.2). */
  readonly limits: readonly CapacityLimit[]
  readonly volume: VolumeTerms | undefined
  readonly usage: UsageLookup
  readonly usageMaxAgeMs: number
  readonly now: number
}

/**
 * The verdict of the limit that sheds most; undefined where none does. Below the soft maximum nothing is shed, between
 * soft and hard a share that grows evenly, at the hard maximum everything. A limit whose usage is unknown sheds nothing,
 * but one of 0 is always full: the provider says that it is not ready (RFC 7337 R12).
 */
export function judgeCapacity(question: CapacityQuestion): CapacityVerdict | undefined {
  const { provider, limits, volume, usage, usageMaxAgeMs, now } = question
  let worst: CapacityVerdict | undefined
  for (const limit of limits) {
    const { limitType, maximumSoft, maximumHard, current } = limit
    const reading = usage(provider, limit)
    const fed = reading !== undefined && now - reading.at <= usageMaxAgeMs ? reading.value : undefined
    const used = fed ?? current ?? 0
    worst = worse(worst, judge(limitType, used, maximumSoft, maximumHard))
  }
  if (volume?.hard !== undefined) {
    const used = volumeUsed(provider, volume, usage, now)
    if (used !== undefined) worst = worse(worst, judge('volume', used, volume.soft ?? volume.hard, volume.hard))
  }
  return worst
}

/** Bytes carried in the current period; undefined: nothing was reported in it. */
export function volumeUsed(
  provider: string,
  { period }: VolumeTerms,
  usage: UsageLookup,
  now: number,
): number | undefined {
  const reading = usage(provider, { limitType: 'volume' })
  return reading !== undefined && reading.at >= periodOf(period, now).start ? reading.value : undefined
}

/** Whether less was carried than an even pace through the period asks for. */
export function isBehindPace(provider: string, volume: VolumeTerms, usage: UsageLookup, now: number): boolean {
  if (volume.committed === undefined) return false
  const { start, end } = periodOf(volume.period, now)
  const used = volumeUsed(provider, volume, usage, now)
  return used !== undefined && used < volume.committed * ((now - start) / (end - start))
}

/** Days and months in UTC. */
function periodOf(period: VolumeTerms['period'], now: number): { readonly start: number; readonly end: number } {
  const date = new Date(now)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  return period === 'day'
    ? { start: Date.UTC(year, month, day), end: Date.UTC(year, month, day + 1) }
    : { start: Date.UTC(year, month, 1), end: Date.UTC(year, month + 1, 1) }
}

function judge(limitType: string, used: number, soft: number, hard: number): CapacityVerdict | undefined {
  if (used >= hard) return { shed: 1, full: true, limitType, used, soft, hard }
  if (used <= soft) return undefined
  return { shed: (used - soft) / (hard - soft), full: false, limitType, used, soft, hard }
}

function worse(a: CapacityVerdict | undefined, b: CapacityVerdict | undefined): CapacityVerdict | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return b.shed > a.shed ? b : a
}
