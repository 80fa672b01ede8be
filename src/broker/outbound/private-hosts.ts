import { urlsOf } from '../advertisements/advertisement-load.ts'
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
  geofeeds,
}: Pick<Config, 'outbound' | 'providers' | 'federation' | 'geofeeds'>): readonly string[] {
  const urls = [
    ...providers.flatMap(({ fci }) => (fci === undefined ? [] : urlsOf(fci))),
    ...(federation?.peers.flatMap(({ notifications }) => notifications?.origins ?? []) ?? []),
    ...geofeeds.allowed_origins,
  ]
  return [...outbound.private_hosts, ...urls.map((url) => new URL(url).hostname).filter(isPlainlyPrivate)]
}
