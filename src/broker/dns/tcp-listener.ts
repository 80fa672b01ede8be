import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { DnsResponder } from '../../routing/dns/responder.ts'
import type { DnsListener, DnsListenerDeps } from './udp-listener.ts'

export interface TcpLimits {
  readonly connections: number
  readonly connectionsPerClient: number
  /** A connection without a whole query for so long is closed. */
  readonly idleMs: number
}

/** Longer messages end their connection; a query of this length is answered with FORMERR already. */
const MAX_MESSAGE_BYTES = 4_096
const LENGTH_BYTES = 2
/** Queries of one connection that may wait for their answer; beyond it nothing more is read. */
const MAX_PENDING = 64

/** Answers queries that come to this address over TCP (RFC 7766). Rejects where it cannot be had. */
export async function listenTcp(
  host: string,
  port: number,
  deps: DnsListenerDeps,
  limits: TcpLimits,
): Promise<DnsListener> {
  const perClient = new Map<string, number>()
  const open = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    const client = socket.remoteAddress ?? ''
    const count = perClient.get(client) ?? 0
    if (client === '' || count >= limits.connectionsPerClient) {
      socket.destroy()
      return
    }
    perClient.set(client, count + 1)
    open.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      const left = (perClient.get(client) ?? 1) - 1
      if (left === 0) perClient.delete(client)
      else perClient.set(client, left)
    })
    serveConnection(socket, { client, responder: deps.responder, idleMs: limits.idleMs })
  })
  server.maxConnections = limits.connections
  server.listen({ host, port })
  await once(server, 'listening')
  const address = server.address()
  return {
    host,
    port: typeof address === 'object' && address !== null ? address.port : port,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

interface ConnectionDeps {
  readonly client: string
  readonly responder: DnsResponder
  readonly idleMs: number
}

function serveConnection(socket: Socket, { client, responder, idleMs }: ConnectionDeps): void {
  let received: Buffer = Buffer.alloc(0)
  let pending = 0
  // Runs from one whole query to the next, so that a byte now and then does not keep a connection open.
  const idle = setTimeout(() => socket.destroy(), idleMs)
  socket.once('close', () => clearTimeout(idle))
  socket.on('error', () => socket.destroy())

  function send(response: Buffer | undefined): void {
    if (response === undefined || socket.destroyed) return
    const framed = Buffer.allocUnsafe(LENGTH_BYTES + response.length)
    framed.writeUInt16BE(response.length, 0)
    response.copy(framed, LENGTH_BYTES)
    if (!socket.write(framed)) socket.pause()
  }

  function answerOne(message: Buffer): void {
    const response = responder.respond(message, client, 'tcp')
    if (response !== undefined) idle.refresh()
    if (!(response instanceof Promise)) {
      send(response)
      return
    }
    pending++
    // Answers may overtake each other (RFC 7766 6.2.1.1).
    void response.then((late) => {
      pending--
      send(late)
      takeAll()
    })
  }

  function takeAll(): void {
    while (received.length >= LENGTH_BYTES && pending < MAX_PENDING && !socket.destroyed) {
      const length = received.readUInt16BE(0)
      if (length > MAX_MESSAGE_BYTES) {
        socket.destroy()
        return
      }
      if (received.length < LENGTH_BYTES + length) break
      const message = received.subarray(LENGTH_BYTES, LENGTH_BYTES + length)
      received = received.subarray(LENGTH_BYTES + length)
      answerOne(message)
    }
    if (pending >= MAX_PENDING) socket.pause()
    else if (socket.isPaused() && !socket.writableNeedDrain) socket.resume()
  }

  socket.on('drain', takeAll)
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    takeAll()
  })
}
