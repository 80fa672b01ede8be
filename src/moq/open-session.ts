import './runtime-polyfills.ts'

import type { ClientRequest, IncomingMessage } from 'node:http'
import { Connection } from '@moq/net'
import { WebSocket } from 'ws'
import { websocketUrl } from './connect-url.ts'
import { chainKey, HOPS_HEADER, type HopChain } from './hop-chain.ts'
import { MoqError } from './moq-error.ts'
import { MAX_MESSAGE_BYTES, SessionSocket } from './session-socket.ts'
import { MOQ_VERSIONS, type MoqVersion, offeredSubprotocols } from './subprotocols.ts'

const KEEP_ALIVE_MS = 2_000

/** `@moq/net` prints the URL that it is given, and ours hold tokens; over a ready transport it needs none. */
export const NAMELESS_URL = new URL('https://relay.invalid/')

export interface OpenSession {
  /** `{url}/{token}`. */
  readonly connectUrl: string
  readonly timeoutMs: number
  /** Aborts the attempt only; use `close` afterwards. */
  readonly signal: AbortSignal
  /** The relays that this session pulls for; leave it out for a client. */
  readonly hops?: HopChain
  /** MoQ versions to offer, preferred first; all that we speak by default. */
  readonly versions?: readonly MoqVersion[]
}

/** An established session with a relay. */
export interface MoqSession {
  readonly connection: Connection.Established
  /** The end, in words that name no URL. Never rejects. */
  readonly closed: Promise<string>
  readonly close: () => Promise<void>
}

/** The relay answered the upgrade with something else; the cause of the `MoqError`. */
export class UpgradeRefused extends Error {
  override readonly name = 'UpgradeRefused'
  readonly status: number

  constructor(status: number) {
    super(`the relay answered the WebSocket upgrade with HTTP ${status}`)
    this.status = status
  }
}

/**
 * Opens a MoQ session. The peer has sent its first message when this resolves, so a listener that accepts and stays
 * silent is a `timeout`.
 *
 * @throws MoqError, or the reason of `signal` when the caller gave up.
 */
export async function openSession(options: OpenSession): Promise<MoqSession> {
  options.signal.throwIfAborted()
  const url = websocketUrl(options.connectUrl)
  const deadline = AbortSignal.timeout(options.timeoutMs)
  const attempt = AbortSignal.any([options.signal, deadline])
  const webSocket = new WebSocket(url, offeredSubprotocols(options.versions ?? MOQ_VERSIONS), {
    headers: options.hops === undefined ? {} : { [HOPS_HEADER]: chainKey(options.hops) },
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  })
  const refused = refusalOf(webSocket)
  const socket = new SessionSocket(webSocket, 'client', KEEP_ALIVE_MS)
  const giveUp = (): void => socket.cut('the attempt was given up')
  attempt.addEventListener('abort', giveUp, { once: true })
  try {
    await Promise.race([refused, socket.transport.ready])
    if (!(await socket.heard)) throw new Error('the connection was lost during the handshake')
    const connection = await Connection.connect(NAMELESS_URL, {
      transport: socket.transport,
      discovery: true,
      signal: attempt,
    })
    return { connection, closed: socket.closed, close: () => socket.close('closed by this side') }
  } catch (cause) {
    socket.cut('the attempt failed')
    options.signal.throwIfAborted()
    if (deadline.aborted) throw new MoqError('timeout', `no MoQ session within ${options.timeoutMs} ms`, { cause })
    throw failure(cause)
  } finally {
    attempt.removeEventListener('abort', giveUp)
  }
}

/** What {@link probeRelay} needs. */
export interface ProbeRelay {
  readonly connectUrl: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly now: () => number
}

/**
 * Opens a session and closes it again; `connectMs` is the time until it was set up.
 *
 * @throws MoqError as {@link openSession}.
 */
export async function probeRelay(options: ProbeRelay): Promise<{ readonly connectMs: number }> {
  const started = options.now()
  const session = await openSession(options)
  const connectMs = options.now() - started
  await session.close()
  return { connectMs }
}

/** Rejects when the relay answers the upgrade with another status; never resolves. */
function refusalOf(webSocket: WebSocket): Promise<never> {
  const refusal = new Promise<never>((_, reject) => {
    webSocket.once('unexpected-response', (request: ClientRequest, response: IncomingMessage) => {
      reject(new UpgradeRefused(response.statusCode ?? 0))
      request.destroy()
    })
  })
  refusal.catch(() => undefined)
  return refusal
}

function failure(cause: unknown): MoqError {
  if (cause instanceof UpgradeRefused) {
    const code = cause.status === 401 || cause.status === 403 ? 'refused' : 'unreachable'
    return new MoqError(code, `${cause.message}; check the token and that a MoQ relay listens there`, { cause })
  }
  return new MoqError('unreachable', 'the MoQ relay could not be reached', { cause })
}
