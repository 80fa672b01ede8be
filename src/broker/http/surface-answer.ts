import { type HeaderBlock, headerBlock } from './header-block.ts'
import type { ProblemDetail } from './problem.ts'
import type { RequestOrigin } from './request-origin.ts'

/** What a surface for clients without a key sees of a request. */
export interface SurfaceRequest {
  readonly method: string
  /** Path and query as they were sent. */
  readonly target: string
  readonly origin: RequestOrigin
}

/** Its whole answer, but for what every answer carries. */
export interface SurfaceAnswer {
  readonly status: 200 | 204 | 302 | 307
  /** Where a redirect goes. */
  readonly location?: string
  /** The other header fields; one object for many answers. */
  readonly shared: HeaderBlock
  /** Empty: no body. */
  readonly body: string
}

/**
 * A surface. Answers at once where everything is in memory. Throws `ProblemError` and `BrokerError`, or rejects with
 * them.
 */
export type Surface = (request: SurfaceRequest) => SurfaceAnswer | Promise<SurfaceAnswer>

/** Any page may read these answers: they hold no secret, and depend on nothing that only a browser's user has. */
export const OPEN_TO_PAGES: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Origin': '*',
  'Cross-Origin-Resource-Policy': 'cross-origin',
}

/** These header fields, for an answer that any page may read. */
export function openBlock(fields: Readonly<Record<string, string>>): HeaderBlock {
  return headerBlock(Object.entries({ ...OPEN_TO_PAGES, ...fields }).flat())
}

/** A refusal that pages may read, too: a player must see its status, and how long to wait. */
export function openToPages(problem: ProblemDetail): ProblemDetail {
  return { ...problem, headers: { ...OPEN_TO_PAGES, ...EXPOSED, ...problem.headers } }
}

/** Pages see no other field than a few that Fetch names unless they are told of it. */
const EXPOSED = { 'Access-Control-Expose-Headers': 'Retry-After' }

const PREFLIGHT_SECONDS = 86_400

/** The answer to a browser that asks before it asks (Fetch, CORS preflight). */
export function preflightAnswer(methods: string): SurfaceAnswer {
  return {
    status: 204,
    shared: openBlock({
      Allow: methods,
      'Access-Control-Allow-Methods': methods,
      'Access-Control-Allow-Headers': '*',
      'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
      'Cache-Control': `max-age=${PREFLIGHT_SECONDS}`,
    }),
    body: '',
  }
}
