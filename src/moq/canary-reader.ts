import './runtime-polyfills.ts'

import { setTimeout as delay } from 'node:timers/promises'
import { type Broadcast, Path, type Track } from '@moq/net'
import { followAnnouncements } from './announced-broadcasts.ts'
import { CANARY_TRACK, type CanaryObject, parseCanaryPayload } from './canary-object.ts'
import type { MoqSession } from './open-session.ts'

/** Between a track's end and the next subscription to it while its broadcast stays announced. */
const RESUBSCRIBE_MS = 100

export interface FollowCanary {
  readonly session: MoqSession
  readonly path: Path.Valid
  readonly now: () => number
  readonly onObject: (object: CanaryObject) => void
}

/** Reads the canary track of `path` whenever that broadcast is announced, until the session ends. */
export async function followCanary({ session, path, now, onObject }: FollowCanary): Promise<void> {
  let reading = new AbortController()
  await followAnnouncements(session.connection, path, {
    start: (suffix, broadcast) => {
      // Broadcasts below the canary's name are announced too.
      if (suffix !== Path.empty()) return
      reading = new AbortController()
      // Ends with its broadcast.
      void readTrack(broadcast, reading.signal, { now, onObject })
    },
    end: (suffix) => {
      if (suffix === Path.empty()) reading.abort()
    },
  })
}

async function readTrack(
  broadcast: Broadcast.Consumer,
  signal: AbortSignal,
  { now, onObject }: Pick<FollowCanary, 'now' | 'onObject'>,
): Promise<void> {
  while (!signal.aborted) {
    const track = subscribe(broadcast)
    if (track !== undefined) {
      const stop = (): void => track.close()
      signal.addEventListener('abort', stop, { once: true })
      for await (const payload of payloads(track)) {
        const object = parseCanaryPayload(payload)
        if (object !== undefined && !signal.aborted) onObject({ ...object, receivedAt: now() })
      }
      signal.removeEventListener('abort', stop)
    }
    await delay(RESUBSCRIBE_MS, undefined, { signal, ref: false }).catch(() => undefined)
  }
}

function subscribe(broadcast: Broadcast.Consumer): Track.Subscriber | undefined {
  try {
    return broadcast.track(CANARY_TRACK).subscribe()
  } catch {
    // The broadcast has just ended; its end follows.
    return undefined
  }
}

/** The first frame of every group until the track ends, cleanly or not. */
async function* payloads(track: Track.Subscriber): AsyncGenerator<Uint8Array> {
  try {
    for (let group = await track.recvGroup(); group !== undefined; group = await track.recvGroup()) {
      const frame = await group.readFrame().catch(() => undefined)
      group.close()
      if (frame !== undefined) yield frame.payload
    }
  } catch {
    // The relay or the publisher went away; the announcements tell what comes next.
  } finally {
    track.close()
  }
}
