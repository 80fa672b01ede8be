import { StoreError } from './store.ts'

export interface RedisAddress {
  readonly host: string
  readonly port: number
}

export interface RedisTls {
  /** Certificates of authorities, PEM; absent: those of the system. */
  readonly ca?: string
  /** The client's own certificate and key, PEM. */
  readonly cert?: string
  readonly key?: string
  /** The name that the server's certificate must carry; absent: the host's. */
  readonly servername?: string
}

/** Where Redis is: one server, a group watched by Sentinels, or a Cluster. */
export type RedisTopology =
  /** `redis://` or `rediss://` (TLS), `[user[:password]@]host[:port][/database]`. */
  | { readonly url: string }
  | {
      readonly sentinels: readonly RedisAddress[]
      /** The name under which the Sentinels know the master. */
      readonly name: string
      readonly sentinelUsername?: string
      readonly sentinelPassword?: string
    }
  | { readonly clusterNodes: readonly RedisAddress[] }

export type RedisStoreOptions = RedisTopology & {
  readonly kind: 'redis'
  /** Begins every key. One per deployment: brokers with the same prefix share everything. */
  readonly prefix: string
  /** Take precedence over those of the URL. */
  readonly username?: string
  readonly password?: string
  /** TLS, where present; also to Sentinels. `rediss://` turns it on by itself. */
  readonly tls?: RedisTls
  /** Every call ends within this time. Default 2000. */
  readonly timeoutMs?: number
}

/** What a `redis://` or `rediss://` URL says. */
export interface RedisServer extends RedisAddress {
  readonly database?: number
  readonly username?: string
  readonly password?: string
  readonly secure: boolean
  /** Host and port in words, without secrets. */
  readonly place: string
}

const DEFAULT_PORT = 6379

/** Parsed here, so that no message of another library quotes the URL with its password. */
export function parseRedisUrl(text: string): RedisServer {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const database = /^\/?(\d*)$/.exec(url?.pathname ?? '')?.[1]
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === '' || database === undefined) {
    throw new StoreError(
      'unavailable',
      'The URL of the Redis store is not of the form redis://[user[:password]@]host[:port][/database]; rediss:// for TLS.',
    )
  }
  // An IPv6 address stands in brackets in a URL and without them everywhere else.
  const host = url.hostname.replaceAll(/[[\]]/g, '')
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port)
  return {
    host,
    port,
    ...(database !== '' && { database: Number(database) }),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    secure: url.protocol === 'rediss:',
    place: `${url.hostname}:${port}`,
  }
}
