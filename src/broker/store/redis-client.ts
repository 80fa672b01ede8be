import { isIP } from 'node:net'
import { Cluster, Redis } from 'ioredis'
import { parseRedisUrl, type RedisAddress, type RedisStoreOptions, type RedisTls } from './redis-options.ts'

export interface RedisClient {
  readonly client: Redis | Cluster
  /** Where Redis is, in words without secrets. */
  readonly place: string
}

const LONGEST_PAUSE_MS = 1_000

/** Begins to connect, and goes on trying until it is told to disconnect. */
export function createRedisClient(options: RedisStoreOptions, timeoutMs: number): RedisClient {
  if ('url' in options) {
    const { host, port, database, username, password, secure, place } = parseRedisUrl(options.url)
    const client = new Redis({
      host,
      port,
      ...(database !== undefined && { db: database }),
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(secure && { tls: serverName(host) }),
      ...connectionOptions(options, timeoutMs),
      ...(options.tls !== undefined && { tls: { ...serverName(host), ...options.tls } }),
      ...RECONNECT,
    })
    return { client, place }
  }
  if ('sentinels' in options) {
    const { name, sentinels, sentinelUsername, sentinelPassword, tls } = options
    const client = new Redis({
      ...connectionOptions(options, timeoutMs),
      ...RECONNECT,
      sentinels: [...sentinels],
      name,
      sentinelRetryStrategy: pauseBefore,
      sentinelCommandTimeout: timeoutMs,
      // Learns of a failover from the Sentinels, not from the first refused write.
      failoverDetector: true,
      ...(sentinelUsername !== undefined && { sentinelUsername }),
      ...(sentinelPassword !== undefined && { sentinelPassword }),
      ...(tls !== undefined && { enableTLSForSentinelMode: true, sentinelTLS: { ...tls } }),
    })
    return { client, place: `${name} of the Sentinels ${inWords(sentinels)}` }
  }
  const client = new Cluster([...options.clusterNodes], {
    enableOfflineQueue: false,
    // 0: not sent again. A command whose connection closed may have been carried out; while the Cluster is down the
    // caller may give up.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 20,
    maxRedirections: 5,
    slotsRefreshTimeout: timeoutMs,
    clusterRetryStrategy: pauseBefore,
    redisOptions: connectionOptions(options, timeoutMs),
    // Certificates carry names, so TLS must see the nodes' names and not their addresses.
    ...(options.tls !== undefined && { dnsLookup: keepName }),
  })
  return { client, place: `the Cluster ${inWords(options.clusterNodes)}` }
}

function connectionOptions(
  { username, password, tls }: { readonly username?: string; readonly password?: string; readonly tls?: RedisTls },
  timeoutMs: number,
) {
  return {
    // Nothing is kept for later or sent twice by the client: a change that its caller has given up must not be made
    // after all. `RedisConnection` decides what may be repeated.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    maxLoadingRetryTime: timeoutMs,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls: { ...tls } }),
  }
}

const RECONNECT = {
  retryStrategy: pauseBefore,
  // The server has become a replica: the next connection may find the master.
  reconnectOnError: (error: Error) => error.message.includes('READONLY'),
}

function pauseBefore(attempt: number): number {
  return Math.min(25 * 2 ** attempt, LONGEST_PAUSE_MS)
}

/** TLS does not allow an address as the name that the client asks for. */
function serverName(host: string): { servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {}
}

function keepName(name: string, found: (error: null, address: string) => void): void {
  found(null, name)
}

function inWords(addresses: readonly RedisAddress[]): string {
  return addresses.map(({ host, port }) => `${host}:${port}`).join(', ')
}
