import type { Candidate, Decision } from '../../routing/decision.ts'
import { httpTargetFor, isHost, redirectLocation } from '../../routing/redirect-target.ts'
import type { RouteAnswer, RouteQuestion, RouteService } from '../route-service.ts'
import type { ScopeNames } from '../scopes/scope-names.ts'
import { rememberBlocks } from './header-block.ts'
import { ProblemError } from './problem.ts'
import { scopeIdOf } from './route-query.ts'
import { openBlock, preflightAnswer, type Surface, type SurfaceAnswer, type SurfaceRequest } from './surface-answer.ts'

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
const PREFIX = '/r/'

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
  const end = endOfScope(target)
  const scope = target.startsWith(PREFIX) ? scopeIdOf(target.slice(PREFIX.length, end)) : undefined
  if (scope === undefined) {
    throw new ProblemError({ kind: 'not-found', detail: 'There is no such scope; the path is /r/{scope}/{path}.' })
  }
  const rest = target.slice(end)
  const pathAndQuery = rest.startsWith('/') ? rest : `/${rest}`
  if (!VISIBLE.test(pathAndQuery)) throw invalid('The request target has characters that no URL has.')
  if (DOT_SEGMENT.test(pathAndQuery)) throw invalid('The path has a segment "." or ".."; send it resolved.')
  const { host } = origin
  if (host === undefined || !isHost(host)) throw invalid('The Host field is not a host.')
  return { scope, host, pathAndQuery }
}

function endOfScope(target: string): number {
  let end = PREFIX.length
  while (end < target.length && !'/?#'.includes(target.charAt(end))) end += 1
  return end
}

function answerOf({ decision }: RouteAnswer, asked: Asked, { method, origin }: SurfaceRequest): SurfaceAnswer {
  for (const candidate of decision.candidates) {
    const base = baseOf(candidate, asked.host, origin.scheme)
    if (base === undefined) continue
    return {
      status: method === 'GET' || method === 'HEAD' ? 302 : 307,
      location: base + asked.pathAndQuery.slice(1),
      shared: blockOf(`private, max-age=${decision.ttlSeconds}`, origin.vary),
      body: '',
    }
  }
  throw nobody(decision)
}

/** The start of a `Location`, by what routing hands out for as long as it stays the same, and by the host asked for. */
const bases = {
  http: new WeakMap<object, Map<string, string | undefined>>(),
  https: new WeakMap<object, Map<string, string | undefined>>(),
} as const
/** Clients may ask for any host. */
const MAX_HOSTS = 256

function baseOf(candidate: Candidate, host: string, scheme: 'http' | 'https'): string | undefined {
  let byHost = bases[scheme].get(candidate.ranked)
  if (byHost === undefined) {
    byHost = new Map()
    bases[scheme].set(candidate.ranked, byHost)
  }
  const known = byHost.get(host)
  if (known !== undefined || byHost.has(host)) return known
  const chosen = httpTargetFor(candidate.redirectTargets, host)
  const base = chosen === undefined ? undefined : redirectLocation(chosen, { scheme, host, pathAndQuery: '/' })
  if (byHost.size >= MAX_HOSTS) byHost.clear()
  byHost.set(host, base)
  return base
}

const blockOf = rememberBlocks((cacheControl, vary) =>
  openBlock({ 'Cache-Control': cacheControl, ...(vary === undefined ? {} : { Vary: vary }) }),
)

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
