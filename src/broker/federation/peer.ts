import { hash, timingSafeEqual } from 'node:crypto'
import type { Diagnostic } from '../../fci/advertisement.ts'
import { readProviderId } from '../../fci/cdn-path.ts'
import { GLOBAL } from '../../fci/footprint-algebra.ts'
import { readFootprints } from '../../fci/read-footprints.ts'
import { startReading } from '../../fci/reading.ts'
import type { PeerContract } from '../../federation/peer-contract.ts'
import type { PeerSecrets } from '../config/check-federation.ts'
import type { FederationConfig, PeerConfig } from '../config/federation-schema.ts'

export type Profile = PeerConfig['profiles'][number]

/** Somebody to whom we advertise. */
export interface Peer {
  readonly id: string
  /** CDN Provider ID, as compared. */
  readonly pid?: string
  readonly profiles: ReadonlySet<Profile>
  readonly contract: PeerContract
  readonly notifications?: {
    readonly origins: readonly string[]
    readonly token?: string
    readonly maxSubscriptions: number
  }
}

/** Who asks: a peer, or somebody with an API key of this broker, who may see all of it. */
export type Audience = { readonly kind: 'peer'; readonly peer: Peer } | { readonly kind: 'operator' }

/** What an operator sees: everything that could be told to anybody. */
const UNRESTRICTED: Omit<PeerContract, 'maxHops'> = {
  footprint: GLOBAL,
  capabilityTypes: 'all',
  allowResourceFootprints: true,
  passRedirectTargets: true,
  reserveShare: 0,
  combination: 'and',
  expressions: true,
  paths: 'plain',
}
const MAX_HOPS = 64

/** A name for caches and records; no peer's id has a blank. */
export function audienceName(audience: Audience): string {
  return audience.kind === 'peer' ? audience.peer.id : 'the operator'
}

export function contractFor(audience: Audience): PeerContract {
  return audience.kind === 'peer' ? audience.peer.contract : { ...UNRESTRICTED, maxHops: MAX_HOPS }
}

/** A peer's contract, and what is wrong with its footprint, by pointers into the list. */
export function contractOf({ contract }: PeerConfig): {
  readonly contract: PeerContract
  readonly faults: readonly Diagnostic[]
} {
  const reading = startReading({ mode: 'strict' }, () => new Map())
  const footprint = contract.footprint === undefined ? GLOBAL : readFootprints(contract.footprint, '', reading)
  return {
    contract: {
      footprint,
      capabilityTypes: contract.capability_types ?? 'understood',
      allowResourceFootprints: contract.allow_resource_footprints,
      passRedirectTargets: contract.pass_redirect_targets,
      reserveShare: contract.reserve_share,
      maxHops: contract.max_hops,
      combination: contract.combination,
      expressions: contract.expressions,
      paths: contract.show_provider_ids ? 'plain' : 'veiled',
    },
    faults: reading.diagnostics,
  }
}

export function peersOf(config: FederationConfig, secrets: ReadonlyMap<string, PeerSecrets>): readonly Peer[] {
  return config.peers.map((peer) => {
    const { notifications } = peer
    const pid = peer.pid === undefined ? undefined : readProviderId(peer.pid)
    const token = secrets.get(peer.id)?.notificationToken
    return {
      id: peer.id,
      ...(pid === undefined ? {} : { pid }),
      profiles: new Set(peer.profiles),
      contract: contractOf(peer).contract,
      ...(notifications === undefined
        ? {}
        : {
            notifications: {
              origins: notifications.origins,
              maxSubscriptions: notifications.max_subscriptions,
              ...(token === undefined ? {} : { token }),
            },
          }),
    }
  })
}

/** Finds the peer whose token it is; takes as long whichever it is, and for none. Tokens are kept as digests only. */
export function peerAuthentication(
  peers: readonly Peer[],
  secrets: ReadonlyMap<string, PeerSecrets>,
): (token: string) => Peer | undefined {
  const known = peers.flatMap((peer) => {
    const token = secrets.get(peer.id)?.token
    return token === undefined ? [] : [{ peer, digest: hash('sha256', token, 'buffer') }]
  })
  return (token) => {
    const given = hash('sha256', token, 'buffer')
    let found: Peer | undefined
    for (const { peer, digest } of known) if (timingSafeEqual(given, digest)) found = peer
    return found
  }
}
