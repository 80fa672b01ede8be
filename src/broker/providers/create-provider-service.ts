import type { AdvertisementBoard } from '../advertisements/advertisement-board.ts'
import { heldBackView } from '../advertisements/create-advertisement-service.ts'
import { BrokerError } from '../broker-error.ts'
import type { HealthBoard } from '../health/health-board.ts'
import { asBrokerError } from '../scopes/scope-commands.ts'
import type { AdministrativeStates } from './administrative-states.ts'
import type { ProviderDirectory } from './provider-directory.ts'
import type { ProviderService, ProviderView } from './provider-service.ts'

export interface ProviderServiceDeps {
  readonly directory: ProviderDirectory
  readonly states: AdministrativeStates
  readonly advertisements: AdvertisementBoard
  readonly health: HealthBoard
  readonly now: () => number
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void
}

export function createProviderService(deps: ProviderServiceDeps): ProviderService {
  const { directory } = deps

  function view(id: string): ProviderView | undefined {
    const config = directory.config(id)
    const capabilities = directory.capabilities(id)
    const breaker = directory.breaker(id)
    if (config === undefined || capabilities === undefined || breaker === undefined) return undefined
    const advertisement = deps.advertisements.get(id)
    const error = deps.advertisements.error(id)
    const heldBack = deps.advertisements.heldBack(id)
    return {
      id,
      adapter: config.adapter,
      capabilities,
      administrative: deps.states.get(id),
      health: deps.health.get(id),
      breaker: {
        state: breaker.state,
        failures: breaker.failures,
        successes: breaker.successes,
        rejects: breaker.rejects,
        ...(breaker.lastError === undefined ? {} : { lastError: breaker.lastError }),
      },
      ...(advertisement === undefined
        ? {}
        : {
            advertisement: {
              version: advertisement.version,
              fetchedAt: advertisement.fetchedAt,
              confirmedAt: advertisement.confirmedAt,
              ageSeconds: Math.max(0, Math.round((deps.now() - advertisement.confirmedAt) / 1000)),
              stale: advertisement.stale,
              expired: advertisement.expired,
              capabilityTypes: [...new Set(advertisement.model.capabilities.map((capability) => capability.type))],
              diagnostics: advertisement.model.diagnostics,
            },
          }),
      ...(error === undefined ? {} : { advertisementError: error }),
      ...(heldBack === undefined ? {} : { advertisementHeldBack: heldBackView(heldBack) }),
      priority: config.priority,
      weight: config.weight,
    }
  }

  return {
    async list() {
      return directory.ids().flatMap((id) => {
        const one = view(id)
        return one === undefined ? [] : [one]
      })
    },
    async get(id) {
      return view(id)
    },
    async setState(id, change, by) {
      if (directory.config(id) === undefined) throw new BrokerError('not_found', `there is no provider "${id}"`)
      const now = deps.now()
      if (change.expiresAt !== undefined && change.expiresAt <= now) {
        throw new BrokerError('invalid_request', 'the state would have expired already', {
          faults: [{ detail: 'must lie in the future', pointer: '/expires_at' }],
        })
      }
      try {
        await deps.states.set(id, {
          state: change.state,
          reason: change.reason,
          by,
          since: now,
          ...(change.expiresAt === undefined ? {} : { expiresAt: change.expiresAt }),
        })
      } catch (error) {
        throw asBrokerError(error)
      }
      deps.log('provider.state_changed', { provider: id, state: change.state, by, reason: change.reason })
      const changed = view(id)
      if (changed === undefined) throw new BrokerError('not_found', `there is no provider "${id}"`)
      return changed
    },
  }
}
