import type { Broadcast, Connection, Path } from '@moq/net'

const REPEAT_MS = 200

/**
 * Publishes a broadcast on a session, and once more a moment later: `@moq/net` misses a change that falls between a
 * peer's question for announcements and its own first answer, and a repetition makes it compare again.
 */
export function announceBroadcast(
  connection: Connection.Established,
  path: Path.Valid,
  broadcast: Broadcast.Producer,
): void {
  publishWhileOpen(connection, path, broadcast)
  setTimeout(() => publishWhileOpen(connection, path, broadcast), REPEAT_MS).unref()
}

function publishWhileOpen(connection: Connection.Established, path: Path.Valid, broadcast: Broadcast.Producer): void {
  if (broadcast.closed.peek() !== undefined) return
  try {
    connection.publish(path, broadcast)
  } catch {
    // The session has ended; there is nobody left to tell.
  }
}
