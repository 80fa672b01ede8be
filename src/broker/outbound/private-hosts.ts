import type { Config } from '../config/config-schema.ts'
import { isPlainlyPrivate } from './guarded-connect.ts'

/**
 * Hosts that the operator means although their addresses are not public: those listed, and those that stand in a URL of
 * the configuration as such an address or as `localhost`. A name there is not enough: whoever holds it may point it at
 * anything.
 */
export function privateHostsOf({
  outbound,
  providers,
  federation,
}: Pick<Config, 'outbound' | 'providers' | 'federation'>): readonly string[] {
  const urls = providers.flatMap(({ fci }) => {
    if (fci === undefined) return []
    const updates = fci.alto?.updates_url
    return [fci.url, ...fci.allowed_origins, ...(updates === undefined ? [] : [updates])]
  })
  const origins = federation?.peers.flatMap(({ notifications }) => notifications?.origins ?? []) ?? []
  return [
    ...outbound.private_hosts,
    ...[...urls, ...origins].map((url) => new URL(url).hostname).filter(isPlainlyPrivate),
  ]
}
