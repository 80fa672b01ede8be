import './runtime-polyfills.ts'

import { Broadcast, type Group, type Track } from '@moq/net'

/** A question for a track's properties is followed by a subscription, which then joins the one made to answer it. */
const INFO_LINGER_MS = 1_000

/**
 * A broadcast as it is offered to one session, served from another session's. All offers of one source share its
 * subscriptions: the first reader of a track subscribes at the source, later ones join at the latest group.
 */
export class RelayedBroadcast extends Broadcast.Producer {
  readonly source: Broadcast.Consumer
  readonly #readers = new Set<Track.Subscriber>()

  constructor(source: Broadcast.Consumer) {
    super()
    this.source = source
  }

  override subscribe(name: string, options?: Track.Subscription): Track.Subscriber {
    const reader = this.source.subscribe(name, options)
    this.#readers.add(reader)
    // Settles exactly once and never rejects.
    void reader.closed.then(() => this.#readers.delete(reader))
    return reader
  }

  /** Older MoQ versions tell a track's properties only with a subscription, so this subscribes. */
  override resolveTrackInfo(name: string): Promise<Track.Info> {
    const reader = this.subscribe(name)
    setTimeout(() => reader.close(), INFO_LINGER_MS).unref()
    return reader.info()
  }

  override fetchGroup(name: string, sequence: number, options?: Track.FetchGroupOptions): Promise<Group.Consumer> {
    return this.source.fetchGroup(name, sequence, options)
  }

  /** Withdraws the offer and ends what its session reads of it, so that the session looks for the broadcast anew. */
  override close(abort?: Error): void {
    super.close(abort)
    for (const reader of this.#readers) reader.close(abort)
  }
}
