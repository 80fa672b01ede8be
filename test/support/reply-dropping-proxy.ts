import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Passes TCP connections on to a server on 127.0.0.1. Disposing of it closes them all. */
export interface ReplyDroppingProxy extends AsyncDisposable {
  readonly port: number
  /** Instead of passing the server's next reply on, breaks the connection: the request was carried out unheard. */
  dropNextReply(): void
}

export async function startReplyDroppingProxy(serverPort: number): Promise<ReplyDroppingProxy> {
  const sockets = new Set<Socket>()
  let dropNext = false
  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1')
    client.pipe(upstream)
    upstream.on('data', (reply) => {
      if (dropNext) {
        dropNext = false
        client.destroy()
        return
      }
      client.write(reply)
    })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    port: address.port,
    dropNextReply: () => {
      dropNext = true
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
