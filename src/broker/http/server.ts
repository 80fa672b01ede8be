import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import type { FastListener } from './fast-listener.ts'
import { createPlainFront, type PlainFront, type PlainFrontOptions } from './plain-front.ts'
import { PROBLEM_CATALOGUE, type ProblemDetail, problemBody, problemResponse } from './problem.ts'

/** What of a hono app the server needs. */
export interface FetchApp {
  fetch(request: Request, bindings: { readonly incoming: IncomingMessage }): Response | Promise<Response>
}

export interface ServeOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** How long a client may take for its header section. Default 10 s. */
  readonly headersTimeoutMs?: number
  /** How long a client may take for a whole request. Default 30 s. */
  readonly requestTimeoutMs?: number
  /** How long an idle connection is kept. Default 65 s, longer than most load balancers keep theirs. */
  readonly keepAliveMs?: number
  readonly requestId: () => string
  /** Has every request before the app. */
  readonly fast?: FastListener
  /** Has every connection before `node:http`, for as long as it is asked nothing but plain requests that this answers. */
  readonly plain?: Pick<PlainFrontOptions, 'answers' | 'now' | 'patienceMs'>
}

export interface HttpServer {
  readonly host: string
  readonly port: number
  /** `http://host:port`. */
  readonly url: string
  /** Stops accepting, lets requests at work end for at most `graceMs`, then cuts what is left. Idempotent. */
  close(graceMs: number): Promise<void>
}

/** The address cannot be listened on; the message says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  /** Node's error code, e.g. `EADDRINUSE`. */
  readonly code: string

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

const MAX_HEADER_BYTES = 16 * 1024
const IDLE_SWEEP_MS = 50

/** Serves the app over HTTP/1.1. Throws `ListenError`. */
export async function serveHttp(app: FetchApp, options: ServeOptions): Promise<HttpServer> {
  const headersTimeoutMs = options.headersTimeoutMs ?? 10_000
  const keepAliveMs = options.keepAliveMs ?? 65_000
  // Node looks for slow clients only every 30 s by default.
  const checkEveryMs = Math.max(20, Math.min(1000, headersTimeoutMs / 4))
  const listener = getRequestListener((request, { incoming }) => fetchFrom(app, request, incoming), {
    errorHandler: () =>
      problemResponse(
        { kind: 'malformed-http', detail: 'The request target or the Host field cannot be read.' },
        options.requestId(),
      ),
  })
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: options.requestTimeoutMs ?? 30_000,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: checkEveryMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Node's own refusal has no body; the listener's is a problem.
      requireHostHeader: false,
    },
    (incoming, outgoing) => {
      if (front?.wasTried(incoming.socket) !== true && options.fast?.(incoming, outgoing) === true) return
      // The listener answers every failure itself and never rejects.
      void listener(incoming, outgoing)
    },
  )
  // Node would answer 417 without a body; RFC 9110 10.1.1 allows to go on.
  server.on('checkExpectation', (incoming, outgoing) => void listener(incoming, outgoing))
  server.on('clientError', (error, socket) => refuseClientError(error, socket, options.requestId()))
  const front =
    options.plain === undefined
      ? undefined
      : frontOf(server, {
          ...options.plain,
          headersTimeoutMs,
          keepAliveMs,
          checkEveryMs,
          refuseSilent(socket) {
            refuseOnSocket(problemOfClientError('ERR_HTTP_REQUEST_TIMEOUT'), socket, options.requestId())
            socket.destroySoon()
          },
        })
  await listen(server, options)
  const address = server.address()
  const port = isTcpAddress(address) ? address.port : options.port
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  let closing: Promise<void> | undefined
  return {
    host: options.host,
    port,
    url: `http://${host}:${port}`,
    close: (graceMs) => {
      closing ??= closeGently(server, front, graceMs)
      return closing
    },
  }
}

function fetchFrom(app: FetchApp, request: Request, incoming: unknown): Response | Promise<Response> {
  if (!isHttp1(incoming)) throw new TypeError('not an HTTP/1.1 request')
  return app.fetch(request, { incoming })
}

function isHttp1(incoming: unknown): incoming is IncomingMessage {
  return typeof incoming === 'object' && incoming !== null && 'socket' in incoming && 'rawHeaders' in incoming
}

function isTcpAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

async function listen(server: Server, { host, port }: ServeOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port)))
    server.listen({ host, port }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function listenError(error: Error, host: string, port: number): ListenError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN'
  return new ListenError(code, `cannot listen on ${host}:${port}: ${adviceFor(code)}`, { cause: error })
}

function adviceFor(code: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another process listens there (perhaps another broker). Stop it, or choose another port.'
    case 'EACCES':
      return 'this user may not. Choose a port above 1023.'
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address. Use 127.0.0.1, 0.0.0.0 or one of its own.'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name cannot be resolved. Use an IP address.'
    default:
      return `the system says ${code}.`
  }
}

/** Stands between the listening socket and what node does with a connection. */
function frontOf(server: Server, options: Omit<PlainFrontOptions, 'handOver'>): PlainFront {
  const ofNode = server.listeners('connection')
  const front = createPlainFront({
    ...options,
    handOver(socket) {
      for (const listener of ofNode) Reflect.apply(listener, server, [socket])
    },
  })
  server.removeAllListeners('connection')
  server.on('connection', (socket) => front.take(socket))
  return front
}

async function closeGently(server: Server, front: PlainFront | undefined, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  // A connection becomes idle when its last answer is sent, so idle ones have to be looked for again.
  const closeIdle = (): void => {
    server.closeIdleConnections()
    front?.closeIdle()
  }
  closeIdle()
  const sweep = setInterval(closeIdle, IDLE_SWEEP_MS)
  const cut = setTimeout(() => {
    server.closeAllConnections()
    front?.closeAll()
  }, graceMs)
  await closed
  front?.stop()
  clearInterval(sweep)
  clearTimeout(cut)
}

/** Answers what node's parser or timeouts refuse, before any request reaches the app. */
function refuseClientError(error: Error, socket: Duplex, requestId: string): void {
  const code = 'code' in error ? error.code : undefined
  if (code === 'ECONNRESET' || !socket.writable) socket.destroy()
  else refuseOnSocket(problemOfClientError(code), socket, requestId)
}

function refuseOnSocket(problem: ProblemDetail, socket: Duplex, requestId: string): void {
  const { status } = PROBLEM_CATALOGUE[problem.kind]
  const body = JSON.stringify(problemBody(problem, requestId))
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}

function problemOfClientError(code: unknown): ProblemDetail {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { kind: 'request-timeout', detail: 'The request did not arrive in time.' }
    case 'HPE_HEADER_OVERFLOW':
      return {
        kind: 'headers-too-large',
        detail: `The request target and header fields together are larger than ${MAX_HEADER_BYTES} bytes.`,
      }
    default:
      return { kind: 'malformed-http', detail: 'What arrived is not an HTTP/1.1 request.' }
  }
}
