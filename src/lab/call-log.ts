import type { MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { LabEnv } from './http-listener.ts'

/** How the lab tells what happened. Fields hold neither tokens nor paths. */
export type LabLog = (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void

/** Counts the calls to one listener and logs each by its route, never by its path. */
export class CallLog {
  readonly #counts = new Map<string, number>()
  readonly #log: LabLog
  readonly #listener: string
  #running = 0
  #mostRunning = 0

  constructor(options: { readonly listener: string; readonly log: LabLog }) {
    this.#listener = options.listener
    this.#log = options.log
  }

  /** Calls since the start by method and route, e.g. `POST /moq/scopes`; faulty ones included. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  /** The most calls that ever ran at once. A stalled call runs until its connection closes. */
  get mostRunning(): number {
    return this.#mostRunning
  }

  middleware(): MiddlewareHandler<LabEnv> {
    return async (c, next) => {
      const started = performance.now()
      const { method } = c.req
      const route = matchedRoutes(c).find(({ path }) => !path.endsWith('*'))?.path ?? '(no route)'
      const call = `${method} ${route.replaceAll(/:(\w+)/g, '{$1}')}`
      this.#counts.set(call, (this.#counts.get(call) ?? 0) + 1)
      this.#running += 1
      this.#mostRunning = Math.max(this.#mostRunning, this.#running)
      c.env.outgoing.once('close', () => {
        this.#running -= 1
        const { headersSent, statusCode } = c.env.outgoing
        const ms = Math.round(performance.now() - started)
        this.#log('lab.call', { listener: this.#listener, call, status: headersSent ? statusCode : 'cut', ms })
      })
      await next()
    }
  }
}
