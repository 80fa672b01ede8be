import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { createConditionWaiters } from './condition-waiters.ts'

/**
 * How JSON answers are changed on their way. `unknown-members`: every object gets a member that nobody documents.
 * `echo`: every text in an error answer is followed by the request's headers and body, as careless servers do.
 */
export type Mangling = 'none' | 'unknown-members' | 'echo'

/** Sits between an adapter and a provider's API: passes everything on, resets included, and watches. */
export interface ApiProxy extends AsyncDisposable {
  readonly origin: string
  setMangling(mangling: Mangling): void
  /** Requests that have arrived since the start. */
  requestCount(): number
  /** Connections from the adapter that are open now. */
  connectionCount(): number
  /** Ends when so many requests have arrived. */
  arrived(count: number): Promise<void>
  /** Ends when no request is waiting for its answer. */
  idle(): Promise<void>
  /** Ends when no connection from the adapter is open. */
  disconnected(): Promise<void>
}

export async function startApiProxy(targetOrigin: string): Promise<ApiProxy> {
  const target = new URL(targetOrigin)
  const sockets = new Set<Socket>()
  const { changed, until } = createConditionWaiters()
  let mangling: Mangling = 'none'
  let requests = 0
  let underWay = 0
  const server = createServer((incoming, outgoing) => {
    requests += 1
    underWay += 1
    outgoing.once('close', () => {
      underWay -= 1
      changed()
    })
    changed()
    void forward(incoming, outgoing).catch(() => outgoing.socket?.resetAndDestroy())
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      changed()
    })
  })

  async function forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await readAll(incoming)
    const upstream = request({
      host: target.hostname,
      port: target.port,
      method: incoming.method,
      path: incoming.url,
      headers: { ...incoming.headers, host: target.host, connection: 'close' },
    })
    outgoing.once('close', () => upstream.destroy())
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      upstream.once('response', resolve)
      upstream.once('error', reject)
      upstream.end(body)
    })
    const { 'content-length': _, connection: __, 'transfer-encoding': ___, ...headers } = answer.headers
    const status = answer.statusCode ?? 502
    const text = await readAll(answer)
    const echoed = mangling === 'echo' && status >= 400 ? `${JSON.stringify(incoming.headers)} ${body}` : ''
    outgoing.writeHead(status, headers)
    outgoing.end(mangling === 'none' ? text : mangle(text, mangling, echoed))
  }

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')

  return {
    origin: `http://127.0.0.1:${address.port}`,
    setMangling: (next) => {
      mangling = next
    },
    requestCount: () => requests,
    connectionCount: () => sockets.size,
    arrived: (count) => until(() => requests >= count),
    idle: () => until(() => underWay === 0),
    disconnected: () => until(() => sockets.size === 0),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

async function readAll(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

function mangle(text: string, mangling: Mangling, echoed: string): string {
  if (text === '') return text
  return JSON.stringify(
    JSON.parse(text, (_, value: unknown) => {
      if (mangling === 'echo') return typeof value === 'string' ? `${value} ${echoed}` : value
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
      return isObject ? { ...value, 'x-nobody-documents-this': { deep: [null, 1, 'two'] } } : value
    }),
  )
}
