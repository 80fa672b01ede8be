import { z } from '@hono/zod-openapi'
import type { Fault } from '../broker-error.ts'

/** Every way in which this API says no. The key is the last part of `type`; it never changes its meaning. */
export const PROBLEM_CATALOGUE = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'malformed-json': { status: 400, title: 'The body is not well-formed JSON' },
  'malformed-http': { status: 400, title: 'The request is not well-formed HTTP' },
  unauthenticated: { status: 401, title: 'A valid API key is needed' },
  forbidden: { status: 403, title: 'The role of this API key does not allow it' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'This resource does not know that method' },
  'not-acceptable': { status: 406, title: 'There is no form of it that Accept takes' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'operation-in-progress': { status: 409, title: 'Another change of the same thing is at work' },
  'idempotency-in-progress': { status: 409, title: 'The first request with this idempotency key is still at work' },
  'invalid-state': { status: 409, title: 'The present state does not allow it' },
  gone: { status: 410, title: 'It is not kept any more' },
  'revision-mismatch': { status: 412, title: 'It has changed since' },
  'steering-ended': { status: 410, title: 'Content steering has ended' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of a type that is not read here' },
  'idempotency-mismatch': { status: 422, title: 'This idempotency key was used with another request' },
  'too-many-requests': { status: 429, title: 'There are too many of these already' },
  'headers-too-large': { status: 431, title: 'The request target or the header fields are too large' },
  'internal-error': { status: 500, title: 'The broker failed' },
  'provisioning-failed': { status: 502, title: 'No provider could make the scope' },
  'operation-failed': { status: 502, title: 'The change did not take place' },
  'store-unavailable': { status: 503, title: 'The store does not answer' },
  'shutting-down': { status: 503, title: 'The broker is stopping' },
  timeout: { status: 503, title: 'The answer took too long' },
  'no-provider': { status: 503, title: 'No provider may serve this client now' },
  'not-ready': { status: 503, title: 'The broker is not ready' },
} as const

export type ProblemKind = keyof typeof PROBLEM_CATALOGUE

/** `urn:moq-broker:problem:<kind>`. */
export function problemType(kind: ProblemKind): string {
  return `urn:moq-broker:problem:${kind}`
}

const FaultSchema = z
  .object({
    detail: z.string(),
    pointer: z.string().optional().openapi({ description: 'RFC 6901 pointer into the body.' }),
    parameter: z.string().optional().openapi({ description: 'Name of the query parameter or header field.' }),
  })
  .openapi('Fault')

const ProviderFailureSchema = z
  .object({ provider: z.string(), code: z.string(), detail: z.string() })
  .openapi('ProviderFailure')

/** One check of `/readyz`. */
export const ReadinessCheckSchema = z
  .object({ ok: z.boolean(), detail: z.string().optional() })
  .openapi('ReadinessCheck')

/** RFC 9457 3.1, with our extension members (3.2). */
export const ProblemSchema = z
  .object({
    type: z.string().openapi({ description: '`urn:moq-broker:problem:` and a name of the catalogue.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().openapi({ description: '`urn:moq-broker:request:` and the id in `X-Request-Id`.' }),
    errors: z.array(FaultSchema).readonly().optional(),
    providers: z.array(ProviderFailureSchema).readonly().optional(),
    operation: z.string().optional(),
    scope: z.string().optional(),
    checks: z.record(z.string(), ReadinessCheckSchema).optional(),
  })
  .openapi('Problem', { description: 'RFC 9457 problem details.' })
export type ProblemBody = z.infer<typeof ProblemSchema>

/** What a problem says beyond its kind. */
export interface ProblemDetail {
  readonly kind: ProblemKind
  /** For people: what failed, where, what to do. No secrets. */
  readonly detail: string
  readonly errors?: readonly Fault[]
  readonly retryAfterSeconds?: number
  /** Further header fields, e.g. `Allow`. */
  readonly headers?: Readonly<Record<string, string>>
  readonly members?: Pick<ProblemBody, 'providers' | 'operation' | 'scope' | 'checks'>
}

/** Thrown by handlers and middleware; the error handler answers with it. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: ProblemDetail

  constructor(problem: ProblemDetail, options?: { readonly cause?: unknown }) {
    super(problem.detail, options)
    this.problem = problem
  }
}

export function problemBody(problem: ProblemDetail, requestId: string): ProblemBody {
  const { status, title } = PROBLEM_CATALOGUE[problem.kind]
  return {
    type: problemType(problem.kind),
    title,
    status,
    detail: problem.detail,
    instance: `urn:moq-broker:request:${requestId}`,
    ...(problem.errors === undefined || problem.errors.length === 0 ? {} : { errors: problem.errors }),
    ...problem.members,
  }
}

export function problemResponse(problem: ProblemDetail, requestId: string): Response {
  return new Response(JSON.stringify(problemBody(problem, requestId)), {
    status: PROBLEM_CATALOGUE[problem.kind].status,
    headers: problemHeaders(problem),
  })
}

export function problemHeaders(problem: ProblemDetail): Readonly<Record<string, string>> {
  return {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    ...(problem.retryAfterSeconds === undefined
      ? {}
      : { 'Retry-After': String(Math.max(1, Math.ceil(problem.retryAfterSeconds))) }),
    ...problem.headers,
  }
}

/** Whether the log should tell of it as a failure. A probe that asks every second and a client in the desert are none. */
export function isFailureOfOurs({ kind }: ProblemDetail): boolean {
  return PROBLEM_CATALOGUE[kind].status >= 500 && kind !== 'not-ready' && kind !== 'no-provider'
}
