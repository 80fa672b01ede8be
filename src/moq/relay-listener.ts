import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { MAX_MESSAGE_BYTES } from './session-socket.ts'

/** How a listener answers an upgrade: with an HTTP status, or by switching to `protocol` and calling `accept`. */
export type UpgradeAnswer =
  | { readonly status: number }
  | { readonly protocol: string; readonly accept: (webSocket: WebSocket) => void }

export interface RelayListenerDeps {
  readonly host: string
  /** `0`: any free port at the first `open`, the same one ever after. */
  readonly port: number
  readonly answer: (request: IncomingMessage) => UpgradeAnswer
}

const HEADERS_TIMEOUT_MS = 5_000
const MAX_HEADER_BYTES = 16 * 1024

/** The HTTP side of a relay: WebSocket upgrades are answered, everything else is told to upgrade (426). */
export class RelayListener {
  readonly #deps: RelayListenerDeps
  readonly #server: Server
  readonly #upgrader: WebSocketServer
  #port: number

  constructor(deps: RelayListenerDeps) {
    this.#deps = deps
    this.#port = deps.port
    this.#upgrader = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    })
    this.#server = createServer({
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: HEADERS_TIMEOUT_MS / 2,
      maxHeaderSize: MAX_HEADER_BYTES,
    })
    this.#server.on('request', (_, response) => {
      response.writeHead(426, { upgrade: 'websocket', connection: 'close', 'content-length': 0 }).end()
    })
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  get port(): number {
    return this.#port
  }

  async open(): Promise<void> {
    this.#server.listen(this.#port, this.#deps.host)
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (typeof address === 'object' && address !== null) this.#port = address.port
  }

  /** Stops listening and cuts connections that have not been upgraded; resolves when the upgraded ones are gone too. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until ws owns the socket, a reset by the peer would end the process.
    const ignore = (): void => undefined
    socket.on('error', ignore)
    const answer = this.#deps.answer(request)
    if ('status' in answer) return reject(socket, answer.status)
    // ws accepts the first offered subprotocol; the choice is made, so it is the only one left.
    request.headers['sec-websocket-protocol'] = answer.protocol
    this.#upgrader.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', ignore)
      answer.accept(webSocket)
    })
  }
}

function reject(socket: Duplex, status: number): void {
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`
  socket.end(`${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
