import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { createConditionWaiters } from './condition-waiters.ts'

/** A request as it arrived. */
export interface RecordedRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  /** The parsed JSON body; absent where there was none. */
  readonly body?: unknown
  /** Ends when the connection that it came on is closed. */
  readonly disconnected: Promise<void>
}

/** What to do with one request: answer it with JSON or text, or with whatever the function does. */
export type Reply =
  | {
      readonly status: number
      readonly json?: unknown
      readonly text?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  | ((request: RecordedRequest, response: ServerResponse) => void)

/** A provider API on 127.0.0.1 that records what it is sent and gives scripted replies. */
export interface ApiRecorder extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly RecordedRequest[]
  /** Replies for the next requests, in order; without one the answer is 599. */
  reply(...replies: readonly Reply[]): void
  /** Connections that are open now. */
  openConnections(): number
  /** Ends when the number of requests has been reached. */
  received(count: number): Promise<void>
  /** Ends when this many connections, at most, are open. */
  connectionsAtMost(count: number): Promise<void>
}

export async function startApiRecorder(): Promise<ApiRecorder> {
  const requests: RecordedRequest[] = []
  const replies: Reply[] = []
  const sockets = new Set<Socket>()
  const disconnects = new WeakMap<Socket, Promise<void>>()
  const { changed, until } = createConditionWaiters()
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      const request: RecordedRequest = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        disconnected: disconnects.get(incoming.socket) ?? Promise.resolve(),
        ...(text !== '' && { body: JSON.parse(text) }),
      }
      requests.push(request)
      give(replies.shift() ?? { status: 599 }, request, response)
      changed()
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    const disconnected = new Promise<void>((resolve) => {
      socket.on('close', () => {
        sockets.delete(socket)
        changed()
        resolve()
      })
    })
    disconnects.set(socket, disconnected)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the recorder has no port')

  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    reply: (...more) => {
      replies.push(...more)
    },
    openConnections: () => sockets.size,
    received: (count) => until(() => requests.length >= count),
    connectionsAtMost: (count) => until(() => sockets.size <= count),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

function give(reply: Reply, request: RecordedRequest, response: ServerResponse): void {
  if (typeof reply === 'function') {
    reply(request, response)
    return
  }
  const type = reply.text === undefined ? 'application/json' : 'text/html'
  response.writeHead(reply.status, { 'content-type': type, ...reply.headers })
  response.end(reply.text ?? (reply.json === undefined ? '' : JSON.stringify(reply.json)))
}

/** Replies that misbehave. */
export const never: Reply = () => {}
export const reset: Reply = (_, response) => {
  response.socket?.resetAndDestroy()
}
