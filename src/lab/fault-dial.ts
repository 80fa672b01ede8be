import { z } from 'zod'
import type { Fault } from './lab-config.ts'

/** Body of `PUT /fault`. Strict: a misspelt fault would be a drill that proves nothing. */
export const faultSchema: z.ZodType<Fault> = z
  .strictObject({
    target: z.enum(['api', 'fci']).exactOptional(),
    latencyMs: z.number().min(0).max(3_600_000).exactOptional(),
    status: z.number().int().min(400).max(599).exactOptional(),
    retryAfterSeconds: z.number().int().min(0).exactOptional(),
    reset: z.enum(['before', 'after']).exactOptional(),
    stall: z.enum(['before', 'after']).exactOptional(),
    garbage: z.enum(['text', 'shape', 'huge']).exactOptional(),
    times: z.number().int().min(1).exactOptional(),
    match: z.strictObject({ method: z.string().exactOptional(), path: z.string().exactOptional() }).exactOptional(),
    relayDown: z.boolean().exactOptional(),
    expiresInMs: z.number().int().min(1).max(3_600_000).exactOptional(),
  })
  .refine(({ times, relayDown }) => times === undefined || relayDown !== true, {
    path: ['times'],
    message: 'counts requests, so it cannot limit relayDown',
  })

/** Holds the one fault that is set, and counts it down. */
export class FaultDial {
  #fault: Fault | undefined
  #timesLeft = Number.POSITIVE_INFINITY

  /** The fault that is set and not used up. */
  get fault(): Fault | undefined {
    return this.#fault
  }

  set(fault: Fault | undefined): void {
    this.#fault = fault
    this.#timesLeft = fault?.times ?? Number.POSITIVE_INFINITY
  }

  /** The fault that this request meets, if any; counts as one of its `times`. */
  take(request: { readonly target: 'api' | 'fci'; readonly method: string; readonly path: string }): Fault | undefined {
    const fault = this.#fault
    if (fault === undefined || !applies(fault, request)) return undefined
    this.#timesLeft -= 1
    if (this.#timesLeft === 0) this.#fault = undefined
    return fault
  }
}

function applies(fault: Fault, request: { target: 'api' | 'fci'; method: string; path: string }): boolean {
  const { target = 'api', match } = fault
  if (target !== request.target) return false
  if (match?.method !== undefined && match.method.toUpperCase() !== request.method) return false
  return match?.path === undefined || request.path.startsWith(match.path)
}
