import './runtime-polyfills.ts'

import { type Broadcast, type Connection, Path } from '@moq/net'

/** A peer's broadcasts as they come and go. `start` may be called again for a path only after its `end`. */
export interface AnnouncementHandler {
  readonly start: (path: Path.Valid, broadcast: Broadcast.Consumer) => void
  readonly end: (path: Path.Valid) => void
}

/**
 * Follows what the peer announces under `prefix` (paths are relative to it) until the session ends or the peer ends
 * the announcements. Every broadcast that was started has ended when this resolves; it never rejects.
 */
export async function followAnnouncements(
  connection: Connection.Established,
  prefix: Path.Valid,
  handler: AnnouncementHandler,
): Promise<void> {
  const live = new Map<Path.Valid, Broadcast.Consumer>()
  const end = (path: Path.Valid): void => {
    const broadcast = live.get(path)
    if (broadcast === undefined) return
    live.delete(path)
    handler.end(path)
    broadcast.close()
  }
  const announced = connection.announced(prefix)
  try {
    for (let event = await announced.next(); event !== undefined; event = await announced.next()) {
      end(event.path)
      if (!event.active) continue
      const broadcast = connection.consume(Path.join(prefix, event.path))
      live.set(event.path, broadcast)
      handler.start(event.path, broadcast)
    }
  } catch {
    // The session ended, or the peer answers no questions about announcements: either way nothing is announced.
  } finally {
    announced.close()
    for (const path of live.keys()) end(path)
  }
}
