import type { HealthState } from '../../routing/decision.ts'

/**
 * What one interval of watching a provider showed.
 * - `good`: it serves.
 * - `weak`: it answers, but something is wrong (stale objects, its API fails).
 * - `bad`: it does not serve.
 */
export interface Observation {
  readonly outcome: 'good' | 'weak' | 'bad'
  readonly reason: string
}

export interface ProviderHealth {
  readonly state: HealthState
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly reason: string
}

export interface HealthChange {
  readonly provider: string
  readonly from: HealthState
  readonly to: HealthState
  readonly reason: string
  readonly at: number
}

/** Health of all providers with hysteresis: single good or bad intervals change nothing. */
export interface HealthBoard {
  get(provider: string): ProviderHealth
  observe(provider: string, observation: Observation): void
  /** The result stops it. Listeners must not throw. */
  onChange(listener: (change: HealthChange) => void): () => void
}

/** A board that also counts how restless a provider is. */
export interface CountingHealthBoard extends HealthBoard {
  /** Changes of state since the start, the first judgement not counted. */
  flaps(provider: string): number
}

export interface HealthBoardOptions {
  readonly providers: readonly string[]
  /** This many observations in a row that are not good make a provider worse; all of them bad: down. */
  readonly fall: number
  /** This many observations in a row that are not bad bring a provider back; all of them good: up. */
  readonly rise: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

interface Entry {
  readonly health: ProviderHealth
  readonly runs: Runs
  readonly flaps: number
}

/** How many of the latest observations in a row were of a kind. */
interface Runs {
  readonly good: number
  readonly notBad: number
  readonly notGood: number
  readonly bad: number
}

const NO_RUNS: Runs = { good: 0, notBad: 0, notGood: 0, bad: 0 }

/**
 * A board on which every provider starts as `unknown`, which is not up: routing ranks it behind those that are.
 * One good observation ends that, because it is proof; anything else takes `fall` or `rise` observations in a row.
 * Observations of providers that are not listed are ignored.
 */
export function createHealthBoard(options: HealthBoardOptions): CountingHealthBoard {
  const { fall, rise, now } = options
  const started = now()
  const listeners = new Set<(change: HealthChange) => void>()
  const entries = new Map<string, Entry>(
    options.providers.map((provider) => [
      provider,
      { health: { state: 'unknown', since: started, reason: 'not observed yet' }, runs: NO_RUNS, flaps: 0 },
    ]),
  )

  return {
    get(provider) {
      return entries.get(provider)?.health ?? { state: 'unknown', since: started, reason: 'not watched' }
    },

    observe(provider, observation) {
      const entry = entries.get(provider)
      if (entry === undefined) return
      const { health, flaps } = entry
      const runs = continueRuns(entry.runs, observation.outcome)
      const state = nextState(health.state, runs, fall, rise)
      if (state === health.state) {
        // The state stands; its evidence is kept fresh.
        const speaks = STATE_OF[observation.outcome] === state
        entries.set(provider, { health: speaks ? { ...health, reason: observation.reason } : health, runs, flaps })
        return
      }
      const at = now()
      const { reason } = observation
      entries.set(provider, {
        health: { state, since: at, reason },
        runs,
        flaps: health.state === 'unknown' ? flaps : flaps + 1,
      })
      for (const listener of listeners) listener({ provider, from: health.state, to: state, reason, at })
    },

    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    flaps(provider) {
      return entries.get(provider)?.flaps ?? 0
    },
  }
}

const STATE_OF = { good: 'up', weak: 'degraded', bad: 'down' } as const

function continueRuns(runs: Runs, outcome: Observation['outcome']): Runs {
  return {
    good: outcome === 'good' ? runs.good + 1 : 0,
    notBad: outcome === 'bad' ? 0 : runs.notBad + 1,
    notGood: outcome === 'good' ? 0 : runs.notGood + 1,
    bad: outcome === 'bad' ? runs.bad + 1 : 0,
  }
}

function nextState(state: HealthState, runs: Runs, fall: number, rise: number): HealthState {
  switch (state) {
    case 'unknown':
      if (runs.good > 0) return 'up'
      return worsened(state, runs, fall)
    case 'up':
      return worsened(state, runs, fall)
    case 'degraded':
      if (runs.good >= rise) return 'up'
      return runs.bad >= fall ? 'down' : state
    case 'down':
      if (runs.good >= rise) return 'up'
      return runs.notBad >= rise ? 'degraded' : state
  }
}

function worsened(state: HealthState, runs: Runs, fall: number): HealthState {
  if (runs.bad >= fall) return 'down'
  return runs.notGood >= fall ? 'degraded' : state
}
