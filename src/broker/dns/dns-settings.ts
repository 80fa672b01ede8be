import { parsePrefix } from '../../fci/prefix.ts'
import type { AnswerSource } from '../../routing/dns/answer-source.ts'
import { CookieJar } from '../../routing/dns/cookie.ts'
import { RateLimiter } from '../../routing/dns/rate-limit.ts'
import { DnsResponder } from '../../routing/dns/responder.ts'
import { createZone, type ZoneSettings } from '../../routing/dns/zone.ts'
import type { DnsConfig } from '../config/dns-schema.ts'
import type { DnsCounters } from './dns-counters.ts'

export interface ResponderDeps {
  readonly source: AnswerSource
  readonly counters: DnsCounters
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
  /** 16 bytes, the same for all processes and replicas. */
  readonly cookieSecret: Uint8Array
  /** `routing.scope_names`. */
  readonly scopeNames: readonly string[]
}

/** The responder that the configuration describes. */
export function createResponder(config: DnsConfig, deps: ResponderDeps): DnsResponder {
  const { rrl, ecs } = config
  return new DnsResponder({
    zone: createZone(zoneSettings(config, deps.scopeNames)),
    source: deps.source,
    cookies: new CookieJar(deps.cookieSecret),
    limiter: new RateLimiter(
      {
        // Each process sees its share of a network's queries.
        responsesPerSecond: rrl.responses_per_second / config.processes,
        slip: rrl.slip,
        leak: rrl.leak,
        v4Bits: rrl.v4_prefix,
        v6Bits: rrl.v6_prefix,
        exempt: rrl.exempt.flatMap((text) => parsePrefix(text) ?? []),
      },
      Math.floor(deps.random() * 2 ** 32),
    ),
    subnets: { v4Bits: ecs.max_v4, v6Bits: ecs.max_v6 },
    maxUdpBytes: config.max_udp,
    now: deps.now,
    observer: deps.counters,
  })
}

function zoneSettings({ zone, ns, soa, ttl_seconds, explain }: DnsConfig, scopeNames: readonly string[]): ZoneSettings {
  const { rname = `hostmaster.${zone}`, ...times } = soa
  return {
    name: zone,
    nameServers: ns,
    soa: { ...times, rname },
    ttlSeconds: ttl_seconds,
    scopeNames: new Map(scopeNames.filter(isLabel).map((name) => [name.toLowerCase(), name])),
    explain,
  }
}

/** Other names than labels go by their ids. */
function isLabel(name: string): boolean {
  return /^[a-z0-9-]{1,63}$/i.test(name)
}
