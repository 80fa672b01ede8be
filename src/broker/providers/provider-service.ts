import type { Capabilities } from '../../adapters/capabilities.ts'
import type { Diagnostic } from '../../fci/advertisement.ts'
import type { AdministrativeState, HealthState } from '../../routing/decision.ts'
import type { HeldBackView } from '../advertisements/advertisement-service.ts'

/** What the broker knows of one provider, without secrets. */
export interface ProviderView {
  readonly id: string
  readonly adapter: string
  readonly capabilities: Capabilities
  readonly administrative: {
    readonly state: AdministrativeState
    readonly reason?: string
    readonly by?: string
    readonly since?: number
    /** Milliseconds since the epoch; then it is `enabled` again. */
    readonly expiresAt?: number
  }
  readonly health: { readonly state: HealthState; readonly since: number; readonly reason: string }
  readonly breaker: {
    readonly state: 'closed' | 'open' | 'half_open'
    readonly failures: number
    readonly successes: number
    readonly rejects: number
    readonly lastError?: { readonly kind: string; readonly detail: string; readonly at: number }
  }
  readonly advertisement?: {
    readonly version: string
    readonly fetchedAt: number
    readonly confirmedAt: number
    readonly ageSeconds: number
    readonly stale: boolean
    readonly expired: boolean
    readonly capabilityTypes: readonly string[]
    readonly diagnostics: readonly Diagnostic[]
  }
  /** Why the last fetch of the advertisement failed, if it did. */
  readonly advertisementError?: string
  /** A newer one that is not used, because it loses too much at once. */
  readonly advertisementHeldBack?: HeldBackView
  readonly priority: number
  readonly weight: number
}

/** Methods throw `BrokerError`. */
export interface ProviderService {
  list(): Promise<readonly ProviderView[]>
  get(id: string): Promise<ProviderView | undefined>
  setState(
    id: string,
    change: { readonly state: AdministrativeState; readonly reason: string; readonly expiresAt?: number },
    by: string,
  ): Promise<ProviderView>
}
