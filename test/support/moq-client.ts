import { Broadcast, Path, type Track } from '@moq/net'
import { vi } from 'vitest'
import { announceBroadcast } from '../../src/moq/announce-broadcast.ts'
import { followAnnouncements } from '../../src/moq/announced-broadcasts.ts'
import { type MoqSession, openSession } from '../../src/moq/open-session.ts'
import type { MoqVersion } from '../../src/moq/subprotocols.ts'

/** Polls until `condition` holds; fails with `what` otherwise. */
export function until(what: string, condition: () => boolean, timeoutMs = 15_000): Promise<void> {
  return vi.waitFor(
    () => {
      if (!condition()) throw new Error(`never happened: ${what}`)
    },
    { interval: 5, timeout: timeoutMs },
  )
}

export interface TestClient extends AsyncDisposable {
  readonly session: MoqSession
  readonly version: string
  /** Broadcasts announced at the moment. */
  readonly announced: ReadonlySet<string>
  /** Every start (`+path`) and end (`-path`) of an announcement. */
  readonly announcements: readonly string[]
  /** Publishes a broadcast with one track. */
  readonly publish: (path: string, track?: string) => TestBroadcast
  /** Texts received on the track `media` of `path`, subscribed without waiting for an announcement. */
  readonly read: (path: string) => TestReading
}

export interface TestReading {
  readonly texts: readonly string[]
  readonly ended: () => boolean
  readonly stop: () => void
}

export interface TestBroadcast {
  readonly track: Track.Producer
  readonly withdraw: () => void
  /** Subscriptions that have reached the publisher, and those that still live. */
  readonly subscriptions: () => number
  readonly readers: () => number
}

export interface TestClientOptions {
  readonly versions?: readonly MoqVersion[]
}

class CountingBroadcast extends Broadcast.Producer {
  subscriptions = 0
  readers = 0

  override subscribe(name: string, options?: Track.Subscription): Track.Subscriber {
    this.subscriptions += 1
    this.readers += 1
    const reader = super.subscribe(name, options)
    void reader.closed.then(() => {
      this.readers -= 1
    })
    return reader
  }
}

export async function connectClient(connectUrl: string, options: TestClientOptions = {}): Promise<TestClient> {
  const session = await openSession({
    connectUrl,
    timeoutMs: 3_000,
    signal: new AbortController().signal,
    ...(options.versions === undefined ? {} : { versions: options.versions }),
  })
  const announced = new Set<string>()
  const announcements: string[] = []
  void followAnnouncements(session.connection, Path.empty(), {
    start: (path) => {
      announced.add(path)
      announcements.push(`+${path}`)
    },
    end: (path) => {
      announced.delete(path)
      announcements.push(`-${path}`)
    },
  })
  return {
    session,
    version: session.connection.version,
    announced,
    announcements,
    publish: (path, name = 'media') => {
      const broadcast = new CountingBroadcast()
      const track = broadcast.createTrack(name)
      announceBroadcast(session.connection, Path.from(path), broadcast)
      return {
        track,
        subscriptions: () => broadcast.subscriptions,
        readers: () => broadcast.readers,
        withdraw: () => {
          track.close()
          broadcast.close()
        },
      }
    },
    read: (path) => {
      const texts: string[] = []
      let ended = false
      const track = session.connection.consume(Path.from(path)).track('media').subscribe()
      void (async () => {
        try {
          for (let group = await track.recvGroup(); group !== undefined; group = await track.recvGroup()) {
            const frame = await group.readFrame()
            if (frame !== undefined) texts.push(new TextDecoder().decode(frame.payload))
          }
        } catch {
          // A refused or aborted subscription has ended as well.
        }
        ended = true
      })()
      return { texts, ended: () => ended, stop: () => track.close() }
    },
    [Symbol.asyncDispose]: () => session.close(),
  }
}
