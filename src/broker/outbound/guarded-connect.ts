import type { LookupAddress, LookupOptions } from 'node:dns'
import { lookup as systemLookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { buildConnector } from 'undici'
import { OutboundError } from './outbound-error.ts'
import { isPublicAddress } from './public-address.ts'

/** All addresses of a host name; rejects when there are none. */
export type ResolveHost = (host: string) => Promise<readonly LookupAddress[]>

export const resolveBySystem: ResolveHost = (host) => systemLookup(host, { all: true })

export interface ConnectPolicy {
  readonly resolve: ResolveHost
  /** Hosts, in lower case, that the operator named although they are not public. */
  readonly privateHosts: ReadonlySet<string>
}

const CONNECT_TIMEOUT_MS = 10_000

/**
 * Connects only to addresses that were checked: the socket is handed the very answer that was looked at, so a name
 * that resolves to something else a moment later changes nothing (DNS rebinding). If one address of a name is not
 * public, none is used.
 */
export function guardConnect({ resolve, privateHosts }: ConnectPolicy): buildConnector.connector {
  const resolveChecked = async (host: string): Promise<readonly LookupAddress[]> => {
    const addresses = await resolve(host).catch(() => [])
    if (addresses.length === 0) throw new OutboundError('unreachable', `${host} has no address`)
    if (!privateHosts.has(host)) for (const { address } of addresses) refuseUnlessPublic(host, address)
    return addresses
  }
  const lookup = (host: string, options: LookupOptions, callback: LookupCallback): void => {
    // Ends with the callback, whatever happens.
    void answerLookup(() => resolveChecked(host.toLowerCase()), options, callback)
  }
  const connect = buildConnector({ lookup, timeout: CONNECT_TIMEOUT_MS, autoSelectFamily: true })
  return (options, callback) => {
    // A literal is not looked up.
    const host = options.hostname.replace(/^\[|\]$/g, '').toLowerCase()
    if (isIP(host) !== 0 && !privateHosts.has(host)) {
      try {
        refuseUnlessPublic(host, host)
      } catch (error) {
        callback(error instanceof Error ? error : new Error('refused'), null)
        return
      }
    }
    connect(options, callback)
  }
}

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void

async function answerLookup(
  find: () => Promise<readonly LookupAddress[]>,
  options: LookupOptions,
  callback: LookupCallback,
): Promise<void> {
  let found: readonly LookupAddress[]
  try {
    found = await find()
  } catch (error) {
    callback(error instanceof Error ? error : new Error('the lookup failed'), [])
    return
  }
  if (options.all === true) callback(null, [...found])
  else callback(null, found[0]?.address ?? '', found[0]?.family ?? 4)
}

function refuseUnlessPublic(host: string, address: string): void {
  if (isPublicAddress(address)) return
  throw new OutboundError(
    'forbidden_address',
    `${host} leads to an address that is not public; if that is meant, name it in outbound.private_hosts`,
  )
}

/** Whether a host that stands in the configuration says by itself that it is not public. */
export function isPlainlyPrivate(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  return bare === 'localhost' || (isIP(bare) !== 0 && !isPublicAddress(bare))
}
