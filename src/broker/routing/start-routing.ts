import type { CoverageColumn, CoverageMap } from '../../routing/coverage/coverage-map.ts'
import { createMeasurementBoard } from '../../routing/measurements/measurement-board.ts'
import { createUsageBoard } from '../../routing/measurements/usage-board.ts'
import { plainPolicy } from '../../routing/policy.ts'
import type { Config } from '../config/config-schema.ts'
import { type CurrentCoverage, createRouteService } from '../create-route-service.ts'
import type { SourceFacts } from '../footprint-sources/source-facts.ts'
import type { Log } from '../log.ts'
import type { ProviderDirectory } from '../providers/provider-directory.ts'
import type { RouteService } from '../route-service.ts'
import type { ScopeDirectory } from '../scopes/scope-directory.ts'
import type { Vault } from '../scopes/vault.ts'
import type { Store } from '../store/store.ts'
import { createPolicyService } from './create-policy-service.ts'
import { createDecisionLog } from './decision-log.ts'
import { createMeasurementService, type MeasurementService } from './measurement-service.ts'
import { createPolicyBoard, type PolicyBoard } from './policy-board.ts'
import { openPolicyFile, type PolicyFile } from './policy-file.ts'
import type { PolicyService } from './policy-service.ts'
import { createRoutePlans } from './route-plans.ts'
import { createSharedMeasurements } from './shared-measurements.ts'

export interface RoutingDeps {
  readonly config: Config
  readonly store: Store
  readonly directory: ProviderDirectory
  readonly scopes: ScopeDirectory
  readonly vault: Vault
  readonly coverage: {
    readonly current: () => CurrentCoverage
    readonly compileWith: (extra: readonly CoverageColumn[]) => Promise<CoverageMap>
    /** Compiles the columns of the policy, too. */
    readonly include: (source: Pick<PolicyBoard, 'columns' | 'onChange'>) => void
  }
  /** What sources that footprints name say of an address; default: nothing. */
  readonly sourceFacts?: SourceFacts
  readonly now: () => number
  readonly random: () => number
  readonly log: Log
  /** Told of every decision. */
  readonly observe: (provider: string | undefined, panic: boolean) => void
}

/** Everything that answers look-ups, and what operators steer it with. */
export interface Routing extends AsyncDisposable {
  readonly routes: RouteService
  readonly policies: PolicyBoard
  readonly policyService: PolicyService
  /** `routing.policy_file`, if one is configured. */
  readonly policyFile: PolicyFile | undefined
  readonly measurements: MeasurementService
  /** Exchanges measurements and usage with the store; see `SharedMeasurements.sync`. */
  readonly shareMeasurements: () => Promise<void>
  /** What canaries see stands in where no client measured. */
  readonly noteCanary: (provider: string, rttMs: number) => void
}

/** Reads the policy that is stored, and the policy file. Throws `StoreError`, and `ConfigError` for that file. */
export async function startRouting(deps: RoutingDeps): Promise<Routing> {
  const { config, store, directory, scopes, vault, now, log } = deps
  const { current: coverage, compileWith } = deps.coverage
  const base = plainPolicy({
    ttlSeconds: config.routing.ttl_seconds,
    degradedTtlSeconds: Math.min(config.routing.degraded_ttl_seconds, config.routing.ttl_seconds),
    requireMoqCapability: config.routing.require_moq_capability,
  })
  const providers = new Map(config.providers.map(({ id, weight }) => [id, { weight }]))
  const { policy_file: path } = config.routing
  const policyFile = path === undefined ? undefined : await openPolicyFile({ path, store, providers, now, log })
  const policies = createPolicyBoard({
    store,
    base,
    now,
    log,
    ...(policyFile === undefined ? {} : { file: policyFile }),
  })
  await policies.refresh()
  deps.coverage.include(policies)
  const usage = createUsageBoard()
  const board = createMeasurementBoard({
    halfLifeMs: config.measurements.half_life_seconds * 1000,
    minWeight: config.measurements.min_samples,
    maxGroups: config.measurements.max_groups,
  })
  const shared = createSharedMeasurements({ store, board, usage, now, log })
  // A broker serves without them too.
  await shared.sync().catch((error: unknown) => log('measurements.not_loaded', { error: messageOf(error) }))
  const measurements = createMeasurementService({
    board,
    usage,
    geo: () => coverage().geo,
    providers: new Set(config.providers.map(({ id }) => id)),
    now,
  })
  const plans = createRoutePlans({ directory, current: coverage, usage, now })
  const { file, max_bytes: maxBytes, ...sampling } = config.decision_log
  const decisionLog = createDecisionLog({
    ...sampling,
    maxBytes,
    ...(file === undefined ? {} : { file }),
    random: deps.random,
    log,
  })
  const policyService = createPolicyService({
    store,
    board: policies,
    base,
    providers,
    ...(policyFile === undefined ? {} : { file: policyFile }),
    scopes,
    plans,
    map: () => coverage().map,
    compileWith,
    recent: () => decisionLog.recent(),
    now,
  })
  const routes = createRouteService({
    directory,
    scopes,
    vault,
    coverage,
    plans,
    now,
    policies,
    ...(deps.sourceFacts === undefined ? {} : { sourceFacts: deps.sourceFacts }),
    measuredNear: (client) => measurements.near(client),
    measuredVersion: () => board.version(now()),
    decisionLog,
    observe: deps.observe,
  })
  return {
    routes,
    policies,
    policyService,
    policyFile,
    measurements,
    noteCanary: (provider, rttMs) => board.addSynthetic(provider, rttMs, now()),
    shareMeasurements: () => shared.sync(),
    async [Symbol.asyncDispose]() {
      // The last samples; the store said before if it is away.
      await shared.sync().catch(() => undefined)
      await decisionLog[Symbol.asyncDispose]()
    },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
