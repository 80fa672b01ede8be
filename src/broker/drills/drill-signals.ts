/** What the lookup answered at one moment; no provider: it answered nobody. */
export interface LookupProbe {
  readonly at: number
  readonly provider?: string
}

/** A canary object that came out of a provider. */
export interface ReceivedObject {
  readonly provider: string
  readonly run: string
  readonly sequence: number
  readonly publishedAt: number
  readonly receivedAt: number
}

/** Everything that a drill saw, in the order of time. */
export interface DrillSignals {
  readonly probes: readonly LookupProbe[]
  readonly objects: readonly ReceivedObject[]
}

/** When what happened, milliseconds since the epoch. */
export interface DrillWindow {
  readonly drilled: string
  /** Absent: nothing was injected. */
  readonly injectedAt?: number
  /** The provider was out from injection until here. */
  readonly until: number
  /** Objects published later than this before `until` may still be on their way and are not counted as lost. */
  readonly graceMs: number
}

export interface SignalCounts {
  readonly objectsBefore: number
  readonly objectsDuring: number
  readonly objectsLost: number
  readonly longestGapMs: number
  readonly probesBefore: number
  readonly probesDuring: number
}

/**
 * Counts as a viewer would who asks the lookup at every probe and follows its answer at once:
 * - objects before and during: those that came out of the provider answered at that moment, and the newest that a
 *   provider had when it became the answered one, which it hands to whoever comes;
 * - the longest gap: between two that came out, from the last one before injection to the end;
 * - lost: published after injection, and the viewer never got it.
 */
export function countSignals(signals: DrillSignals, window: DrillWindow): SignalCounts {
  const { until, injectedAt = until } = window
  const during = (at: number): boolean => at >= injectedAt && at <= until
  const followed = followedObjects(signals)
  const handed = handedObjects(signals).filter(({ object, at }) => object.publishedAt >= injectedAt && during(at))
  const probes = signals.probes.filter(({ at }) => at <= until)
  const before = followed.filter(({ receivedAt }) => receivedAt < injectedAt)
  const arrivals = followed.filter(({ receivedAt }) => during(receivedAt))
  return {
    objectsBefore: before.length,
    objectsDuring: new Set([...arrivals, ...handed.map(({ object }) => object)].map(nameOf)).size,
    objectsLost:
      window.injectedAt === undefined
        ? 0
        : countLost(signals, window, injectedAt, [...followed, ...handed.map(({ object }) => object)]),
    longestGapMs:
      window.injectedAt === undefined
        ? 0
        : longestGap([before.at(-1)?.receivedAt ?? injectedAt, ...arrivals.map(({ receivedAt }) => receivedAt), until]),
    probesBefore: probes.filter(({ at }) => at < injectedAt).length,
    probesDuring: probes.filter(({ at }) => during(at)).length,
  }
}

/** When the lookup first answered somebody else. */
export function firstNewAnswer(signals: DrillSignals, drilled: string, injectedAt: number): LookupProbe | undefined {
  return signals.probes.find(({ at, provider }) => at >= injectedAt && provider !== undefined && provider !== drilled)
}

/** The first object published after injection that came out of another provider while the lookup answered that one. */
export function firstObjectOnNewPath(
  signals: DrillSignals,
  drilled: string,
  injectedAt: number,
): ReceivedObject | undefined {
  const isNew = ({ provider, publishedAt }: ReceivedObject): boolean =>
    provider !== drilled && publishedAt >= injectedAt
  return followedObjects(signals).find(isNew)
}

/** What came out of one provider, of the objects published at `since` or later. */
export function objectsOn(signals: DrillSignals, provider: string, since: number): readonly ReceivedObject[] {
  return signals.objects.filter((object) => object.provider === provider && object.publishedAt >= since)
}

/** Those that came out of the provider answered at that moment. */
export function followedObjects({ probes, objects }: DrillSignals): readonly ReceivedObject[] {
  let next = 0
  let answered: string | undefined
  return objects.filter(({ provider, receivedAt }) => {
    for (let probe = probes[next]; probe !== undefined && probe.at <= receivedAt; probe = probes[next]) {
      answered = probe.provider
      next += 1
    }
    return provider === answered
  })
}

interface HandedObject {
  readonly object: ReceivedObject
  readonly at: number
}

/** What a provider hands out at the moment when the lookup begins to answer with it. */
function handedObjects({ probes, objects }: DrillSignals): readonly HandedObject[] {
  return probes.flatMap(({ at, provider }, index) => {
    if (index === 0 || provider === undefined || provider === probes[index - 1]?.provider) return []
    const object = objects.findLast((one) => one.provider === provider && one.receivedAt < at)
    return object === undefined ? [] : [{ object, at }]
  })
}

function nameOf({ run, sequence }: Pick<ReceivedObject, 'run' | 'sequence'>): string {
  return `${run} ${sequence}`
}

function longestGap(times: readonly number[]): number {
  return times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0)
}

function countLost(
  { objects }: DrillSignals,
  { until, graceMs }: DrillWindow,
  injectedAt: number,
  delivered: readonly ReceivedObject[],
): number {
  const got = new Set(delivered.map(nameOf))
  const published = objects
    .filter(({ publishedAt }) => publishedAt >= injectedAt && publishedAt <= until - graceMs)
    .toSorted((a, b) => a.publishedAt - b.publishedAt)
  let lost = 0
  let current: ReceivedObject | undefined
  const seen = new Set<string>()
  for (const object of published) {
    // Two publish while the primary moves; then only the new one's objects count.
    if (object.run !== current?.run && seen.has(object.run)) continue
    seen.add(object.run)
    // A number missing between two that were seen was published too, and came out nowhere.
    const next = object.run === current?.run ? current.sequence + 1 : object.sequence
    for (let sequence = next; sequence <= object.sequence; sequence += 1)
      if (!got.has(nameOf({ run: object.run, sequence }))) lost += 1
    current = object
  }
  return lost
}
