import { createServer } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'

/** Hono over `node:http`: the bindings let a fault reach the socket. */
export interface LabEnv {
  Bindings: HttpBindings
}

export type LabApp = Hono<LabEnv>

export function createLabApp(): LabApp {
  return new Hono<LabEnv>()
}

export interface HttpListener extends AsyncDisposable {
  readonly port: number
}

/** A listener could not be opened. The message names the listener and the port. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

const KEEP_ALIVE_MS = 60_000

/**
 * Serves `app` on `host:port` until disposed; disposing cuts every connection, stalled ones among them.
 *
 * @throws ListenError where the port is in use or not allowed.
 */
export async function listen(
  app: LabApp,
  at: { readonly listener: string; readonly host: string; readonly port: number },
): Promise<HttpListener> {
  const respond = getRequestListener(app.fetch)
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (incoming, outgoing) => {
    // It turns its own errors into answers, so there is nothing to wait for.
    void respond(incoming, outgoing)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(toListenError(at, error)))
    server.listen(at.port, at.host, resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new ListenError(`${at.listener}: not a TCP listener`)
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      server.closeAllConnections()
      await closed
    },
  }
}

/** An error of `listen` in words; anything that is not about the port is told as it is. */
export function toListenError(
  at: { readonly listener: string; readonly host: string; readonly port: number },
  error: unknown,
): ListenError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const place = `port ${at.port} on ${at.host} for the ${at.listener} listener`
  if (code === 'EADDRINUSE') return new ListenError(`${place} is in use by another program`, { cause: error })
  if (code === 'EACCES') return new ListenError(`${place} needs more rights than this program has`, { cause: error })
  const reason = error instanceof Error ? error.message : String(error)
  return new ListenError(`${place} cannot be opened: ${reason}`, { cause: error })
}
