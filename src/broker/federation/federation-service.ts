import type { AdvertisementPrinter } from './advertisement-printer.ts'
import type { EventStreams } from './event-streams.ts'
import type { OwnFootprints } from './own-footprints.ts'
import type { Peer } from './peer.ts'
import type { Publisher } from './publisher.ts'
import type { Subscriptions } from './subscriptions.ts'

/** What the routes of the CDNI interfaces stand on. */
export interface FederationService {
  /** In the order of the configuration. */
  readonly peers: readonly Peer[]
  readonly publisher: Publisher
  readonly printer: AdvertisementPrinter
  readonly streams: EventStreams
  readonly subscriptions: Subscriptions
  readonly footprints: OwnFootprints
  /** The peer whose token it is. */
  peerOf(token: string): Peer | undefined
  readonly caching: Caching
  /** How peers reach us, without a slash at the end; empty: URLs are relative. */
  readonly publicUrl: string
}

/** RFC 9111, RFC 5861; in seconds. */
export interface Caching {
  readonly maxAge: number
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
}

/** For `Cache-Control` of what one audience alone may see. */
export function cacheControl({ maxAge, staleWhileRevalidate, staleIfError }: Caching): string {
  return `private, max-age=${maxAge}, stale-while-revalidate=${staleWhileRevalidate}, stale-if-error=${staleIfError}`
}
