import { readProviderId } from '../../fci/cdn-path.ts'
import type { Gateway } from '../../federation/peer-contract.ts'
import type { Config } from '../config/config-schema.ts'
import type { FederationConfig } from '../config/federation-schema.ts'
import type { LoadedConfig } from '../config/load-config.ts'
import type { Log } from '../log.ts'
import type { ProviderDirectory } from '../providers/provider-directory.ts'
import { repeat } from '../repeat.ts'
import { createEventStreams } from './event-streams.ts'
import type { FederationService } from './federation-service.ts'
import { type Audience, peerAuthentication, peersOf } from './peer.ts'
import { createPublisher, type PublisherDeps } from './publisher.ts'

export interface FederationDeps {
  readonly loaded: LoadedConfig
  readonly providers: ProviderDirectory
  /** A keyed digest. */
  readonly nameOf: (text: string) => string
  readonly now: () => number
  readonly signal: AbortSignal
  readonly log: Log
  readonly observe?: PublisherDeps['observe']
}

/** What this broker tells other CDNs, running. */
export interface Federation {
  readonly service: FederationService
  /** Ends what would otherwise go on for ever, so that the server can stop. */
  endStreams(): void
  /** Resolves when the signal has ended everything. */
  readonly ended: Promise<unknown>
}

const CHECK_MS = 250
const NAME_LENGTH = 22

/** Undefined where the configuration has no section `federation`. */
export function startFederation(deps: FederationDeps): Federation | undefined {
  const { config, secrets } = deps.loaded
  const { federation } = config
  if (federation === undefined) return undefined
  const peers = peersOf(federation, secrets.peers)
  const audiences: Audience[] = [{ kind: 'operator' }, ...peers.map((peer) => ({ kind: 'peer' as const, peer }))]
  const publisher = createPublisher({
    gateway: gatewayOf(federation),
    audiences,
    facts: () => deps.providers.facts(),
    providerPids: providerPids(config),
    nameOf: (text) => deps.nameOf(`fci ${text}`).slice(0, NAME_LENGTH),
    quietMs: federation.quiet_ms,
    history: federation.history,
    now: deps.now,
    log: deps.log,
    ...(deps.observe === undefined ? {} : { observe: deps.observe }),
  })
  const streams = createEventStreams({ publisher, maxStreams: federation.max_streams })
  const onError = (name: string, error: unknown): void => {
    deps.log('loop.failed', { loop: name, error: error instanceof Error ? error.message : 'unknown' })
  }
  const publishing = repeat({ name: 'publishing', intervalMs: CHECK_MS, signal: deps.signal, onError }, () =>
    publisher.refresh(),
  )
  return {
    service: {
      publisher,
      streams,
      peerOf: peerAuthentication(peers, secrets.peers),
      caching: {
        maxAge: federation.max_age_seconds,
        staleWhileRevalidate: federation.stale_while_revalidate_seconds,
        staleIfError: federation.stale_if_error_seconds,
      },
      publicUrl: (federation.public_url ?? '').replace(/\/$/, ''),
    },
    endStreams: () => streams.close(),
    ended: publishing,
  }
}

function gatewayOf({ provider_id: pid, redirect_target: target }: FederationConfig): Gateway {
  if (target === undefined) return { pid }
  const { dns_host: dnsHost, http_host: httpHost, scheme, path_prefix: pathPrefix } = target
  return {
    pid,
    redirectTarget: {
      redirectingHosts: [],
      ...(dnsHost === undefined ? {} : { dnsTarget: { host: dnsHost } }),
      ...(httpHost === undefined
        ? {}
        : {
            httpTarget: {
              host: httpHost,
              includeRedirectingHost: target.include_redirecting_host,
              ...(scheme === undefined ? {} : { scheme }),
              ...(pathPrefix === undefined ? {} : { pathPrefix }),
            },
          }),
    },
  }
}

function providerPids({ providers }: Config): ReadonlyMap<string, string> {
  const pids = new Map<string, string>()
  for (const { id, pid } of providers) {
    const known = pid === undefined ? undefined : readProviderId(pid)
    if (known !== undefined) pids.set(id, known)
  }
  return pids
}
