import type { AdvertisementBoard } from './advertisements/advertisement-board.ts'
import type { FootprintSources } from './footprint-sources/footprint-sources.ts'
import type { Log } from './log.ts'
import type { AdministrativeStates } from './providers/administrative-states.ts'
import { repeat } from './repeat.ts'
import type { PolicyBoard } from './routing/policy-board.ts'
import type { FollowedScopeNames } from './scopes/scope-names.ts'
import type { ScopeRecovery } from './scopes/scope-recovery.ts'

export interface BackgroundDeps {
  readonly recovery: ScopeRecovery
  readonly states: AdministrativeStates
  readonly policies: PolicyBoard
  readonly shareMeasurements: () => Promise<void>
  readonly advertisements: AdvertisementBoard
  readonly providers: readonly string[]
  readonly sources: FootprintSources
  readonly names: FollowedScopeNames
  readonly repairIntervalMs: number
  /** How long the claim of a dead broker holds. */
  readonly claimMs: number
  readonly now: () => number
  readonly signal: AbortSignal
  readonly log: Log
}

const MAX_RESUME_INTERVAL_MS = 5_000
const STATES_INTERVAL_MS = 2_000
const MEASUREMENTS_INTERVAL_MS = 5_000
const NAMES_INTERVAL_MS = 30_000
const DUE_CHECK_MS = 250
const FOOTPRINTS_INTERVAL_MS = 1_000
const SOURCES_INTERVAL_MS = 1_000

/** Everything that goes on by itself. Resolves when the signal has ended all of it. */
export async function runBackground(deps: BackgroundDeps): Promise<void> {
  const { signal } = deps
  const resumeIntervalMs = Math.min(MAX_RESUME_INTERVAL_MS, deps.claimMs)
  const onError = (name: string, error: unknown): void => {
    deps.log('loop.failed', {
      loop: name,
      error: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown',
    })
  }
  await Promise.all([
    repeat({ name: 'resume', intervalMs: resumeIntervalMs, signal, onError }, () => deps.recovery.resume()),
    repeat({ name: 'repair', intervalMs: deps.repairIntervalMs, signal, onError }, () => deps.recovery.repair()),
    repeat({ name: 'states', intervalMs: STATES_INTERVAL_MS, signal, onError }, () => deps.states.refresh()),
    repeat({ name: 'policy', intervalMs: STATES_INTERVAL_MS, signal, onError }, () => deps.policies.refresh()),
    repeat({ name: 'measurements', intervalMs: MEASUREMENTS_INTERVAL_MS, signal, onError }, deps.shareMeasurements),
    repeat({ name: 'scope names', intervalMs: NAMES_INTERVAL_MS, signal, onError }, () => deps.names.refresh()),
    deps.advertisements.follow(),
    repeat({ name: 'footprint sources', intervalMs: SOURCES_INTERVAL_MS, signal, onError }, () => deps.sources.tend()),
    ...deps.providers.map((provider) =>
      repeat({ name: `footprints of ${provider}`, intervalMs: FOOTPRINTS_INTERVAL_MS, signal, onError }, () =>
        deps.advertisements.tend(provider),
      ),
    ),
    ...deps.providers.map((provider) =>
      repeat({ name: `advertisement of ${provider}`, intervalMs: DUE_CHECK_MS, signal, onError }, async () => {
        if (deps.now() >= deps.advertisements.dueAt(provider)) await deps.advertisements.refresh(provider)
      }),
    ),
  ])
}
