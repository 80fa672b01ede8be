import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** A TCP listener on loopback that accepts connections and never says a word. */
export interface SilentServer extends AsyncDisposable {
  readonly port: number
  readonly connections: () => number
}

export async function startSilentServer(): Promise<SilentServer> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    sockets.push(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the silent server has no port')
  return {
    port: address.port,
    connections: () => sockets.length,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
