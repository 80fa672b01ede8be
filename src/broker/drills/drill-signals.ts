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
 * - objects before and during: those that came out of the provider answered at that moment;
 * - the longest gap: between two of them, from the last one before injection to the end;
 * - lost: published after injection, and never came out of any provider that was answered.
 */
export function countSignals(signals: DrillSignals, window: DrillWindow): SignalCounts {
  const { until, injectedAt = until } = window
  const during = (at: number): boolean => at >= injectedAt && at <= until
  const followed = followedObjects(signals)
  const probes = signals.probes.filter(({ at }) => at <= until)
  const before = followed.filter(({ receivedAt }) => receivedAt < injectedAt)
  const arrivals = followed.filter(({ receivedAt }) => during(receivedAt))
  return {
    objectsBefore: before.length,
    objectsDuring: arrivals.length,
    objectsLost: window.injectedAt === undefined ? 0 : countLost(signals, window, injectedAt),
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

function followedObjects({ probes, objects }: DrillSignals): readonly ReceivedObject[] {
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

function longestGap(times: readonly number[]): number {
  return times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0)
}

function countLost({ probes, objects }: DrillSignals, { until, graceMs }: DrillWindow, injectedAt: number): number {
  const published = objects.filter(({ publishedAt }) => publishedAt >= injectedAt && publishedAt <= until - graceMs)
  const lastBefore = probes.findLast(({ at }) => at < injectedAt)
  const answered = new Set([...probes.filter(({ at }) => at >= injectedAt), lastBefore].map((probe) => probe?.provider))
  const runs = new Map<string, { first: number; last: number; readonly delivered: Set<number> }>()
  for (const { run, sequence, provider } of published) {
    const known = runs.get(run) ?? { first: sequence, last: sequence, delivered: new Set<number>() }
    runs.set(run, known)
    known.first = Math.min(known.first, sequence)
    known.last = Math.max(known.last, sequence)
    if (answered.has(provider)) known.delivered.add(sequence)
  }
  // A number missing between two that were seen was published too, and came out nowhere.
  return [...runs.values()].reduce((lost, { first, last, delivered }) => lost + last - first + 1 - delivered.size, 0)
}
