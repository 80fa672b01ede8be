import { setTimeout as wait } from 'node:timers/promises'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, MiddlewareHandler } from 'hono'
import type { FaultDial } from './fault-dial.ts'
import type { LabEnv } from './http-listener.ts'
import type { Fault } from './lab-config.ts'

/** How one listener lies: its error body, and JSON that is not what it documents. */
export interface FaultFaces {
  readonly target: 'api' | 'fci'
  readonly errorAnswer: (status: number) => Response
  readonly wrongShape: unknown
}

const HUGE_BYTES = 6 * 1024 * 1024
const CHUNK = new TextEncoder().encode(' '.repeat(64 * 1024))

/** Makes requests meet the fault that the dial holds; requests do not wait for each other. */
export function faultMiddleware(dial: FaultDial, faces: FaultFaces): MiddlewareHandler<LabEnv> {
  return async (c, next) => {
    const arrived = performance.now()
    const fault = dial.take({ target: faces.target, method: c.req.method, path: c.req.path })
    if (fault === undefined) return next()

    const takesEffect = fault.reset !== 'before' && fault.stall !== 'before' && fault.status === undefined
    if (takesEffect) await next()
    await wait(Math.max(0, (fault.latencyMs ?? 0) - (performance.now() - arrived)))

    const answer = faultyAnswer(c, fault, faces)
    if (answer === undefined) return
    // Hono would merge the headers of the honest answer into a replaced one.
    c.res = undefined
    c.res = answer
  }
}

/** `undefined`: the honest answer stands. */
function faultyAnswer(c: Context<LabEnv>, fault: Fault, faces: FaultFaces): Response | undefined {
  if (fault.reset !== undefined) {
    c.env.incoming.socket.resetAndDestroy()
    return RESPONSE_ALREADY_SENT
  }
  if (fault.stall !== undefined) return RESPONSE_ALREADY_SENT
  if (fault.status !== undefined) {
    const answer = faces.errorAnswer(fault.status)
    if (fault.retryAfterSeconds !== undefined) answer.headers.set('retry-after', String(fault.retryAfterSeconds))
    return answer
  }
  if (fault.garbage !== undefined) return garbage(fault.garbage, c.req.method, faces.wrongShape)
  return undefined
}

function garbage(kind: NonNullable<Fault['garbage']>, method: string, wrongShape: unknown): Response {
  const status = method === 'POST' ? 201 : 200
  const headers = { 'content-type': 'application/json' }
  switch (kind) {
    case 'text':
      return new Response('<html><body>It works!</body></html>', { status, headers })
    case 'shape':
      return new Response(JSON.stringify(wrongShape), { status, headers })
    case 'huge':
      return new Response(hugeJson(), { status, headers })
  }
}

/** Valid JSON of the right beginning that goes on for longer than anybody should read. */
function hugeJson(): ReadableStream<Uint8Array> {
  let left = HUGE_BYTES
  return new ReadableStream({
    pull(controller) {
      if (left > 0) {
        left -= CHUNK.length
        controller.enqueue(CHUNK)
        return
      }
      controller.enqueue(new TextEncoder().encode('{}'))
      controller.close()
    },
  })
}
