import type { ClientFacts } from '../../fci/match-footprint.ts'
import type { Measured } from '../measured.ts'
import { hashToUnit } from '../rendezvous.ts'
import { clientPrefixKey } from '../routing-key.ts'
import { Neighbourhood, type NeighbourhoodState } from './neighbourhood.ts'

/** What one client saw of one provider. */
export interface Sample {
  readonly provider: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly rttMs?: number
  readonly throughputKbps?: number
  /** Whether it failed; absent: not told. */
  readonly error?: boolean
  /** Share of its playing time, 0 to 1. */
  readonly rebufferShare?: number
}

/** A neighbourhood's samples of one provider, by the key of both. */
export type NamedState = readonly [key: string, state: NeighbourhoodState]

/**
 * Samples by neighbourhood: the client's /24 or /48, its AS number, its country, and everybody. Bounded in memory: the
 * neighbourhoods that were not added to for longest are forgotten. To be shared, they are parted into shards; what was
 * added here and is not in the store yet is held apart, so that a shard of the store can take the place of the rest.
 */
export interface MeasurementBoard {
  add(client: ClientFacts, sample: Sample): void
  /** What a canary of ours saw; used where no client measured. It is not shared. */
  addSynthetic(provider: string, rttMs: number, at: number): void
  /** By the narrowest neighbourhood with enough samples. */
  near(client: ClientFacts, provider: string, now: number): Measured | undefined
  /** Neighbourhoods held. */
  readonly size: () => number
  /** Another number when something has moved that `near` tells, but for age; at most once in five seconds. */
  version(now: number): number
  /** Shards with samples that are not in the store. */
  unsaved(): readonly number[]
  /** Puts what the store has in place of all of the shard but what is not there yet. */
  take(shard: number, stored: readonly NamedState[], now: number): void
  /** The whole shard, to be stored. What is added from now on counts as not stored, all of it if `failed` is called. */
  save(shard: number, now: number): { readonly states: readonly NamedState[]; readonly failed: () => void }
}

export interface MeasurementOptions {
  readonly halfLifeMs: number
  /** A neighbourhood says something from this weight on. */
  readonly minWeight: number
  readonly maxGroups: number
}

/** Parts of the board that are stored one by one. */
export const SHARDS = 32
/** A neighbourhood that weighs less is not worth storing. */
const LEAST_STORED = 0.05
const VERSION_EVERY_MS = 5_000
/** Clocks of other processes may be wrong, but not so much. */
const MAX_AHEAD_MS = 3_600_000

interface Group {
  readonly shard: number
  readonly all: Neighbourhood
  /** What is not in the store. */
  own: Neighbourhood | undefined
  told: Told | undefined
}

/** What a group said when it last counted as moved. */
type Told = Pick<Measured, 'rttMs' | 'throughputKbps' | 'errorShare' | 'rebufferShare'>

export function createMeasurementBoard({ halfLifeMs, minWeight, maxGroups }: MeasurementOptions): MeasurementBoard {
  const groups = new Map<string, Group>()
  const synthetic = new Map<string, { readonly group: Neighbourhood; told: Told | undefined }>()
  let version = 0
  let versionAt = Number.NEGATIVE_INFINITY
  let hasMoved = false

  function insert(key: string, group: Group): Group {
    const oldest = groups.size >= maxGroups && !groups.has(key) ? groups.keys().next().value : undefined
    if (oldest !== undefined) groups.delete(oldest)
    // The end of the map is what was added to last.
    groups.delete(key)
    groups.set(key, group)
    return group
  }

  function newGroup(shard: number): Group {
    return { shard, all: new Neighbourhood(halfLifeMs), own: undefined, told: undefined }
  }

  function toldBy(group: Neighbourhood, now: number): Told | undefined {
    if (group.weight(now) < minWeight) return undefined
    const rttMs = group.rttMs(now, minWeight)
    const throughputKbps = group.throughputKbps(now, minWeight)
    const errorShare = group.errorShare(now, minWeight)
    const rebufferShare = group.rebufferShare(now, minWeight)
    return {
      ...(rttMs === undefined ? {} : { rttMs }),
      ...(throughputKbps === undefined ? {} : { throughputKbps }),
      ...(errorShare === undefined ? {} : { errorShare }),
      ...(rebufferShare === undefined ? {} : { rebufferShare }),
    }
  }

  function note(group: { told: Told | undefined }, told: Told | undefined): void {
    if (!isOther(group.told, told)) return
    group.told = told
    hasMoved = true
  }

  return {
    size: () => groups.size,

    add(client, sample) {
      const { provider, at } = sample
      for (const { key } of neighbourhoods(client, provider)) {
        const group = insert(key, groups.get(key) ?? newGroup(shardOf(key)))
        group.own ??= new Neighbourhood(halfLifeMs)
        group.all.add(sample)
        group.own.add(sample)
        note(group, toldBy(group.all, at))
      }
    },

    addSynthetic(provider, rttMs, at) {
      const known = synthetic.get(provider) ?? { group: new Neighbourhood(halfLifeMs), told: undefined }
      known.group.add({ at, rttMs })
      synthetic.set(provider, known)
      note(known, { rttMs: known.group.rttMs(at, 0) ?? rttMs })
    },

    near(client, provider, now) {
      const canary = synthetic.get(provider)?.group
      for (const { key, name } of neighbourhoods(client, provider)) {
        const group = groups.get(key)?.all
        const told = group === undefined ? undefined : toldBy(group, now)
        if (group === undefined || told === undefined) continue
        const rttMs = told.rttMs ?? canary?.rttMs(now, 0)
        return { of: name, weight: group.weight(now), ageSeconds: ageOf(group, now), ...told, ...(rttMs && { rttMs }) }
      }
      const rttMs = canary?.rttMs(now, 0)
      if (canary === undefined || rttMs === undefined) return undefined
      return { rttMs, of: 'canary', weight: canary.weight(now), ageSeconds: ageOf(canary, now) }
    },

    version(now) {
      if (hasMoved && now - versionAt >= VERSION_EVERY_MS) {
        version++
        versionAt = now
        hasMoved = false
      }
      return version
    },

    unsaved() {
      const shards = new Set<number>()
      for (const { shard, own } of groups.values()) if (own !== undefined) shards.add(shard)
      return [...shards]
    },

    take(shard, stored, now) {
      const before = new Map<string, Group>()
      for (const [key, group] of groups) {
        if (group.shard !== shard) continue
        before.set(key, group)
        if (group.own === undefined) groups.delete(key)
      }
      const kept = stored.filter(
        ([key, { at, latest }]) => shardOf(key) === shard && Math.max(at, latest) < now + MAX_AHEAD_MS,
      )
      for (const [key, state] of kept.toSorted(([, a], [, b]) => a.latest - b.latest)) {
        const known = before.get(key)
        const group = insert(key, { ...newGroup(shard), own: known?.own, told: known?.told })
        group.all.merge(state)
        if (group.own !== undefined) group.all.merge(group.own.state())
        note(group, toldBy(group.all, now))
      }
    },

    save(shard, now) {
      const states: NamedState[] = []
      const taken: (readonly [Group, Neighbourhood])[] = []
      for (const [key, group] of groups) {
        if (group.shard !== shard) continue
        if (group.own !== undefined) taken.push([group, group.own])
        group.own = undefined
        if (group.all.weight(now) >= LEAST_STORED) states.push([key, group.all.state()])
        else groups.delete(key)
      }
      return {
        states,
        failed() {
          for (const [group, own] of taken) {
            if (group.own === undefined) group.own = own
            else group.own.merge(own.state())
          }
        },
      }
    },
  }
}

/** The narrowest first. */
function neighbourhoods(
  { address, asn, country }: ClientFacts,
  provider: string,
): readonly { readonly key: string; readonly name: string }[] {
  const prefix = clientPrefixKey(address)
  const named = (name: string) => ({ key: `${provider}\n${name}`, name })
  return [
    named(`prefix ${prefix}`),
    ...(asn === undefined ? [] : [named(`as${asn}`)]),
    ...(country === undefined ? [] : [named(country)]),
    named('everybody'),
  ]
}

function shardOf(key: string): number {
  return Math.floor(hashToUnit(key) * SHARDS) % SHARDS
}

function ageOf(group: Neighbourhood, now: number): number {
  return Math.max(0, Math.round((now - group.latest) / 1000))
}

/** A tenth of a median, a hundredth of all samples: less than what guards and limits are made for. */
function isOther(a: Told | undefined, b: Told | undefined): boolean {
  if (a === undefined || b === undefined) return a !== b
  return (
    isElsewhere(a.rttMs, b.rttMs, 0.1) ||
    isElsewhere(a.throughputKbps, b.throughputKbps, 0.1) ||
    isElsewhere(a.errorShare, b.errorShare, 0, 0.01) ||
    isElsewhere(a.rebufferShare, b.rebufferShare, 0, 0.01)
  )
}

function isElsewhere(a: number | undefined, b: number | undefined, share: number, absolute = 0): boolean {
  if (a === undefined || b === undefined) return a !== b
  return Math.abs(a - b) > Math.max(absolute, share * Math.max(a, b))
}
