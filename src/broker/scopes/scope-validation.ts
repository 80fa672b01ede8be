import { BrokerError, type Fault } from '../broker-error.ts'
import type { ProvisioningProviders } from './provisioning-providers.ts'
import type { CreateScopeRequest } from './scope-service.ts'

/** The providers of a new scope and its primary. Throws `invalid_request` or `invalid_state`. */
export function chooseProviders(
  request: CreateScopeRequest,
  providers: ProvisioningProviders,
): { readonly primary: string; readonly chosen: readonly string[] } {
  const known = providers.ids()
  const faults: Fault[] = []
  request.providers?.forEach((provider, index) => {
    const fault = whyNot(provider, providers)
    if (fault !== undefined) faults.push({ detail: fault, pointer: `/providers/${index}` })
  })
  if (request.primary !== undefined) {
    const fault = whyNot(request.primary, providers)
    if (fault !== undefined) faults.push({ detail: fault, pointer: '/primary' })
    else if (request.providers !== undefined && !request.providers.includes(request.primary)) {
      faults.push({ detail: `"${request.primary}" is not among the providers named`, pointer: '/primary' })
    }
  }
  if (faults.length > 0) throw new BrokerError('invalid_request', 'the scope cannot be placed as asked', { faults })
  const open = known.filter((provider) => providers.administrative(provider) === 'enabled')
  const wanted = request.providers ?? open
  const primary = request.primary ?? preferredPrimary(wanted, providers)
  if (primary === undefined) {
    throw new BrokerError(
      'invalid_state',
      'no provider is enabled, so there is nowhere to place a scope; enable one (PUT /providers/{id}/state)',
    )
  }
  const chosen = [primary, ...wanted.filter((provider) => provider !== primary)]
  const mute = chosen.filter((provider) => provider !== primary && !canFallBack(provider, providers))
  if (request.providers === undefined) return { primary, chosen: chosen.filter((provider) => !mute.includes(provider)) }
  if (mute.length > 0) {
    throw new BrokerError('invalid_request', 'the scope cannot be placed as asked', {
      faults: mute.map((provider) => ({
        detail: `"${provider}" cannot pull from another CDN, so it can only be the primary`,
        pointer: `/providers/${request.providers?.indexOf(provider) ?? 0}`,
      })),
    })
  }
  return { primary, chosen }
}

/** Refuses an origin that the primary could not be given. */
export function checkOrigin(primary: string, origin: string, providers: ProvisioningProviders): void {
  const capabilities = providers.capabilities(primary)
  const scheme = origin.slice(0, origin.indexOf(':'))
  if (capabilities === undefined || (!capabilities.configAtCreate && !capabilities.updateConfig)) {
    throw originFault(`the primary "${primary}" takes no origin fallback`)
  }
  if (!capabilities.upstreamSchemes.includes(scheme)) {
    throw originFault(
      `the primary "${primary}" takes ${capabilities.upstreamSchemes.join(', ')} origins, and this one is ${scheme}:`,
    )
  }
}

export function originFault(detail: string): BrokerError {
  return new BrokerError('invalid_request', 'the origin fallback cannot be used', {
    faults: [{ detail, pointer: '/config/origin_fallback/url' }],
  })
}

/** Why a provider cannot take a new placement, or `undefined` if it can. */
export function whyNot(provider: string, providers: ProvisioningProviders): string | undefined {
  if (!providers.ids().includes(provider)) {
    return `there is no provider "${provider}"; there are ${providers.ids().join(', ')}`
  }
  const state = providers.administrative(provider)
  return state === 'enabled' ? undefined : `the provider "${provider}" is ${state}`
}

export function canFallBack(provider: string, providers: ProvisioningProviders): boolean {
  const capabilities = providers.capabilities(provider)
  return (
    capabilities !== undefined &&
    capabilities.originFallback !== 'none' &&
    (capabilities.configAtCreate || capabilities.updateConfig)
  )
}

const HEALTH_RANK = { up: 0, unknown: 1, degraded: 2, down: 3 } as const

/** The healthiest, and among equals the first in the order of preference. */
export function preferredPrimary(candidates: readonly string[], providers: ProvisioningProviders): string | undefined {
  return [...candidates].sort((a, b) => HEALTH_RANK[providers.health(a)] - HEALTH_RANK[providers.health(b)])[0]
}
