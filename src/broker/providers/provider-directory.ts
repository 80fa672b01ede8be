import type { BreakerSnapshot } from '../../adapters/breaker.ts'
import type { ProviderFacts } from '../../routing/decision.ts'
import type { ProviderConfig } from '../config/config-schema.ts'
import type { RepairedProviders } from '../scopes/provisioning-providers.ts'

/** Everything that the broker holds in memory about its providers. */
export interface ProviderDirectory extends RepairedProviders {
  config(id: string): ProviderConfig | undefined
  breaker(id: string): BreakerSnapshot | undefined
  /** What routing needs, current at this moment; the same object as before while nothing in it has changed. */
  facts(): readonly ProviderFacts[]
}
