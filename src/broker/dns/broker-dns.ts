import type { Config } from '../config/config-schema.ts'
import type { Log } from '../log.ts'
import type { RouteService } from '../route-service.ts'
import type { ScopeNames } from '../scopes/scope-names.ts'
import type { Vault } from '../scopes/vault.ts'
import type { DnsServer } from './dns-server.ts'
import { createRouteAnswerSource } from './route-answer-source.ts'
import { startDnsServer } from './start-dns-server.ts'

export interface BrokerDnsDeps {
  readonly config: Config
  readonly routes: RouteService
  readonly names: ScopeNames
  readonly vault: Pick<Vault, 'fingerprint'>
  readonly now: () => number
  readonly random: () => number
  readonly log: Log
}

const COOKIE_SECRET_BYTES = 16

/** The DNS server in front of the broker's decisions, where one is configured. Rejects where an address cannot be had. */
export async function startBrokerDns(deps: BrokerDnsDeps): Promise<DnsServer | undefined> {
  const { config, routes, names, vault, now, random, log } = deps
  if (config.dns === undefined) return undefined
  const server = await startDnsServer(config.dns, {
    source: createRouteAnswerSource({ routes, names, fallback: config.dns.fallback }),
    // Of the key that all replicas share, so that each knows the cookies of the others.
    cookieSecret: Buffer.from(vault.fingerprint('dns cookies'), 'base64url').subarray(0, COOKIE_SECRET_BYTES),
    scopeNames: config.routing.scope_names,
    now,
    random,
    log,
  })
  for (const { host, port } of server.addresses) {
    log('dns.listening', { host, port, zone: config.dns.zone, processes: config.dns.processes })
  }
  return server
}
