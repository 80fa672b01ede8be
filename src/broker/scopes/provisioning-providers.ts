import type { Capabilities } from '../../adapters/capabilities.ts'
import type { ProviderAdapter } from '../../adapters/contract.ts'
import type { AdministrativeState, HealthState } from '../../routing/decision.ts'

/** What provisioning needs to know of the providers. */
export interface ProvisioningProviders {
  /** All configured providers, in the order of preference for the primary. */
  ids(): readonly string[]
  adapter(id: string): ProviderAdapter | undefined
  capabilities(id: string): Capabilities | undefined
  administrative(id: string): AdministrativeState
  health(id: string): HealthState
}

/** What repairs need to know besides. */
export interface RepairedProviders extends ProvisioningProviders {
  /** Its breaker is open: calls to it would not be sent. */
  isHeldBack(id: string): boolean
}
