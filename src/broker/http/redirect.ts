import type { Decision } from '../../routing/decision.ts'
import { httpTargetFor, isHost, redirectLocation } from '../../routing/redirect-target.ts'
import type { RouteAnswer, RouteQuestion, RouteService } from '../route-service.ts'
import type { ScopeNames } from '../scopes/scope-names.ts'
import { ProblemError } from './problem.ts'
import {
  OPEN_TO_PAGES,
  preflightAnswer,
  type Surface,
  type SurfaceAnswer,
  type SurfaceRequest,
} from './surface-answer.ts'
import { IdSchema } from './wire-fields.ts'

export interface RedirectDeps {
  readonly routes: RouteService
  readonly names: ScopeNames
}

/** As metrics and logs call it. */
export const REDIRECT_ROUTE = '/r/:scope/*'
const METHODS = 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT'
/** Everything that a request target may hold, and nothing that could end a header field. */
const VISIBLE = /^[\x21-\x7e]*$/
/** A segment `.` or `..`, also percent-encoded: with it a client would leave the path prefix of the target. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?#]|$)/i
const SCOPE = /^\/r\/([^/?#]*)/

/**
 * `/r/{scope}/{path}`: sends the client to the CDN that should serve it, as RFC 8804 says. GET and HEAD get 302, methods
 * that change something 307, so that they are repeated as they are.
 */
export function createRedirect(deps: RedirectDeps): Surface {
  return (request) => {
    if (request.method === 'OPTIONS') return preflightAnswer(METHODS)
    if (!METHODS.includes(request.method)) {
      throw new ProblemError({
        kind: 'method-not-allowed',
        detail: `That method is not redirected; use ${METHODS}.`,
        headers: { Allow: METHODS },
      })
    }
    const asked = readTarget(request)
    const { client } = request.origin
    if (client === undefined) throw invalid('The connection has no address, so nobody knows whom to ask for.')
    const question: RouteQuestion = { client, scope: deps.names.idOf(asked.scope) }
    const held = deps.routes.decideHeld(question)
    return held === undefined
      ? deps.routes.decide(question).then((answer) => answerOf(answer, asked, request))
      : answerOf(held, asked, request)
  }
}

interface Asked {
  readonly scope: string
  readonly host: string
  readonly pathAndQuery: string
}

function readTarget({ target, origin }: SurfaceRequest): Asked {
  const match = SCOPE.exec(target)
  const scope = match?.[1] ?? ''
  if (match === null || !IdSchema.safeParse(scope).success) {
    throw new ProblemError({ kind: 'not-found', detail: 'There is no such scope; the path is /r/{scope}/{path}.' })
  }
  const rest = target.slice(match[0].length)
  const pathAndQuery = rest.startsWith('/') ? rest : `/${rest}`
  if (!VISIBLE.test(pathAndQuery)) throw invalid('The request target has characters that no URL has.')
  if (DOT_SEGMENT.test(pathAndQuery)) throw invalid('The path has a segment "." or ".."; send it resolved.')
  const { host } = origin
  if (host === undefined || !isHost(host)) throw invalid('The Host field is not a host.')
  return { scope, host, pathAndQuery }
}

function answerOf({ decision }: RouteAnswer, asked: Asked, { method, origin }: SurfaceRequest): SurfaceAnswer {
  for (const { redirectTargets } of decision.candidates) {
    const chosen = httpTargetFor(redirectTargets, asked.host)
    if (chosen === undefined) continue
    return {
      status: method === 'GET' || method === 'HEAD' ? 302 : 307,
      headers: {
        ...OPEN_TO_PAGES,
        Location: redirectLocation(chosen, { ...asked, scheme: origin.scheme }),
        'Cache-Control': `private, max-age=${decision.ttlSeconds}`,
        ...(origin.vary === undefined ? {} : { Vary: origin.vary }),
      },
      body: '',
    }
  }
  throw nobody(decision)
}

/** Nobody can serve this client now. */
export function nobody(decision: Decision): ProblemError {
  return new ProblemError({
    kind: 'no-provider',
    detail:
      decision.candidates.length === 0
        ? 'No provider may serve this client now.'
        : 'No provider that may serve this client has a target for this host.',
    retryAfterSeconds: decision.ttlSeconds,
  })
}

function invalid(detail: string): ProblemError {
  return new ProblemError({ kind: 'invalid-request', detail })
}
