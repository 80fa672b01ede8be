import { createFallbackCycles } from './fallback-cycles.ts'
import type { RunnerDeps } from './operation-runner.ts'
import { createOperationSupervisor, type OperationSupervisor } from './operation-supervisor.ts'
import { createProviderCalls } from './provider-calls.ts'
import type { RepairedProviders } from './provisioning-providers.ts'
import { createScopeCommands } from './scope-commands.ts'
import { createScopeQueries } from './scope-queries.ts'
import { createScopeRecovery, type ScopeRecovery } from './scope-recovery.ts'
import type { ScopeService } from './scope-service.ts'

/** Everything of this room that the rest of the broker uses. */
export interface Provisioning {
  readonly scopes: ScopeService
  readonly supervisor: OperationSupervisor
  readonly recovery: ScopeRecovery
}

export function createProvisioning(
  deps: Omit<RunnerDeps, 'calls'> & { readonly providers: RepairedProviders },
): Provisioning {
  const { store, vault, providers, now, newId, instance, log } = deps
  const supervisor = createOperationSupervisor({ ...deps, calls: createProviderCalls(providers, vault) })
  const cycles = createFallbackCycles(store, vault)
  return {
    supervisor,
    scopes: {
      ...createScopeCommands({ store, vault, providers, supervisor, cycles, now, newId }),
      ...createScopeQueries({ store, vault, providers }),
    },
    recovery: createScopeRecovery({ store, providers, supervisor, now, newId, instance, log }),
  }
}
