import { isHost } from '../../routing/redirect-target.ts'
import type { Principal } from '../key-service.ts'
import type { RouteAnswer, RouteQuestion } from '../route-service.ts'
import { defaultHeaders, requestIdOf } from './access-log.ts'
import type { HttpDeps } from './app-env.ts'
import { presentedKey } from './authentication.ts'
import { decisionText } from './decision-text.ts'
import { problemOf } from './error-problem.ts'
import { type HeaderBlock, headerBlock, rememberBlocks } from './header-block.ts'
import { isFailureOfOurs, PROBLEM_CATALOGUE, problemBody, problemHeaders } from './problem.ts'
import { REDIRECT_ROUTE } from './redirect.ts'
import { NO_PROXIES, type OriginFacts, originOf, type RequestOrigin } from './request-origin.ts'
import { readPlainQuery } from './route-query.ts'
import { STEERING_ROUTE } from './steering.ts'
import { OPEN_TO_PAGES, openToPages, type Surface, type SurfaceAnswer } from './surface-answer.ts'

export type FastDeps = Pick<
  HttpDeps,
  'routes' | 'keys' | 'redirect' | 'steering' | 'origin' | 'now' | 'log' | 'requestId' | 'observe'
>

/** A `GET` without a body. */
export interface FastRequest {
  readonly target: string
  /** A header field by its name in lower case. */
  readonly header: OriginFacts['header']
  /** By `FastAnswers.originOf`. */
  readonly origin: () => RequestOrigin
}

/** An answer but for what frames the message and what the connection says of itself. */
export interface FastAnswer {
  readonly status: number
  /** Names and values in turn. */
  readonly own: readonly string[]
  readonly requestId: string
  /** Stands behind `own`, `X-Request-Id` and `Content-Length`. */
  readonly shared: HeaderBlock
  readonly body: string
  readonly bodyBytes: number
  readonly route: string
  readonly key: string | undefined
  readonly startedAt: number
}

/** The busiest requests' answers, ahead of the framework, which costs more than the decision itself. */
export interface FastAnswers {
  /**
   * The answer to a request that is written plainly, is allowed, and can be answered from memory; `undefined`: the
   * framework has it, and its refusals too. With patience a promise where something must be fetched first; where that
   * fails it ends as `undefined`.
   */
  answer(request: FastRequest, patience: 'none' | 'some'): FastAnswer | Promise<FastAnswer | undefined> | undefined
  originOf(facts: OriginFacts): RequestOrigin
  /** Counts and logs an answer that was sent. */
  sent(answer: FastAnswer): void
}

const ROUTE = '/route'
const ROUTE_QUERY = '/route?'
const REDIRECT = '/r/'
const STEERING = /^\/steering\/[\w.~-]+\/\w+\.json(?:\?|$)/
/** RFC 3986 3.3 and 3.4. What else may arrive is the framework's to judge. */
const PLAIN_TARGET = /^\/\w+\/[\w.~-]+(?:[/?][\w.~:@!$&'()*+,;=/?%-]*)?$/

export function createFastAnswers(deps: FastDeps): FastAnswers {
  const { origin: rules = NO_PROXIES } = deps
  let lastAuthorization = ''
  let lastKey: string | undefined

  function keyOf(request: FastRequest): string | undefined {
    const authorization = request.header('authorization')
    if (authorization === undefined) return request.header('x-api-key')
    if (authorization !== lastAuthorization) {
      lastKey = presentedKey(authorization, undefined)
      lastAuthorization = authorization
    }
    return lastKey
  }

  function answerRoute(request: FastRequest, query: string, patience: 'none' | 'some') {
    const startedAt = deps.now()
    const key = keyOf(request)
    if (key === undefined || !isHost(request.header('host') ?? '')) return undefined
    const asked = readPlainQuery(query)
    if (asked === undefined) return undefined
    const origin = asked.client === undefined ? request.origin() : undefined
    const client = asked.client ?? origin?.client
    if (client === undefined) return undefined
    const question: RouteQuestion = { client, scope: asked.scope, session: asked.session }
    const finish = (answer: RouteAnswer, principal: Principal): FastAnswer => {
      const { body, bodyBytes, holdsConnectUrl } = decisionText(answer, principal.role)
      const cacheControl = holdsConnectUrl ? 'no-store' : `private, max-age=${answer.decision.ttlSeconds}`
      const shared = blockOfRoute(cacheControl, origin?.vary)
      const requestId = requestIdFor(request)
      const { id } = principal
      return { status: 200, own: NOTHING, requestId, shared, body, bodyBytes, route: ROUTE, key: id, startedAt }
    }
    const principal = deps.keys.recall(key)
    if (principal !== undefined) {
      let answer: RouteAnswer | undefined
      try {
        answer = deps.routes.decideHeld(question)
      } catch {
        // The framework fails in the same way, and says so as it always does.
        return undefined
      }
      if (answer !== undefined) return finish(answer, principal)
    }
    return patience === 'none' ? undefined : waitForRoute(key, question, finish)
  }

  async function waitForRoute(
    key: string,
    question: RouteQuestion,
    finish: (answer: RouteAnswer, principal: Principal) => FastAnswer,
  ): Promise<FastAnswer | undefined> {
    try {
      const principal = await deps.keys.authenticate(key)
      return principal === undefined ? undefined : finish(await deps.routes.decide(question), principal)
    } catch {
      return undefined
    }
  }

  function answerSurface(request: FastRequest, surface: Surface, route: string, patience: 'none' | 'some') {
    const startedAt = deps.now()
    const { target } = request
    if (!PLAIN_TARGET.test(target) || !isHost(request.header('host') ?? '')) return undefined
    const finish = ({ status, location, shared: told, body }: SurfaceAnswer): FastAnswer => {
      const own = location === undefined ? NOTHING : ['Location', location]
      const requestId = requestIdFor(request)
      const shared = withDefaults(told, status)
      const bodyBytes = body === '' ? 0 : Buffer.byteLength(body)
      return { status, own, requestId, shared, body, bodyBytes, route, key: undefined, startedAt }
    }
    const refuse = (error: unknown): FastAnswer | undefined => {
      const problem = problemOf(error)
      if (problem === undefined || isFailureOfOurs(problem)) return undefined
      const requestId = requestIdFor(request)
      const { status } = PROBLEM_CATALOGUE[problem.kind]
      const own = flatten(problemHeaders(openToPages(problem)))
      const body = JSON.stringify(problemBody(problem, requestId))
      const bodyBytes = Buffer.byteLength(body)
      return { status, own, requestId, shared: REFUSAL_BLOCK, body, bodyBytes, route, key: undefined, startedAt }
    }
    try {
      const answer = surface({ method: 'GET', target, origin: request.origin() })
      if (!(answer instanceof Promise)) return finish(answer)
      const waited = answer.then(finish).catch(refuse)
      // Without patience the framework asks again and waits; nobody listens to how this one ends.
      return patience === 'none' ? undefined : waited
    } catch (error) {
      return refuse(error)
    }
  }

  function requestIdFor(request: FastRequest): string {
    return requestIdOf(request.header('x-request-id'), deps.requestId)
  }

  return {
    answer(request, patience) {
      const { target } = request
      if (target.startsWith(ROUTE_QUERY)) return answerRoute(request, target.slice(ROUTE_QUERY.length), patience)
      if (target === ROUTE) return answerRoute(request, '', patience)
      if (deps.redirect !== undefined && target.startsWith(REDIRECT)) {
        return answerSurface(request, deps.redirect, REDIRECT_ROUTE, patience)
      }
      if (deps.steering !== undefined && STEERING.test(target)) {
        return answerSurface(request, deps.steering, STEERING_ROUTE, patience)
      }
      return undefined
    },
    originOf: (facts) => originOf(facts, rules),
    sent({ route, status, requestId, key, startedAt }) {
      const at = deps.now()
      const durationMs = at - startedAt
      deps.observe?.({ method: 'GET', route, status, durationMs })
      const line =
        key === undefined
          ? { method: 'GET', route, status, durationMs, requestId }
          : { method: 'GET', route, status, durationMs, requestId, key }
      deps.log.access(line, at)
    },
  }
}

/** Names and values in turn of what such an answer carries that does not say otherwise; `own`: names that it always says. */
function defaultsBut(own: readonly string[], status: number): readonly string[] {
  return defaultHeaders(status)
    .filter(([name]) => !own.includes(name))
    .flat()
}

const NOTHING: readonly string[] = []
const DEFAULTS_OF_ROUTE = defaultsBut(['Cache-Control'], 200)
const blockOfRoute = rememberBlocks((cacheControl, vary) => {
  const own = vary === undefined ? ['Cache-Control', cacheControl] : ['Cache-Control', cacheControl, 'Vary', vary]
  return headerBlock([...own, 'Content-Type', 'application/json', ...DEFAULTS_OF_ROUTE])
})
const SAID_BY_SURFACES = ['Cache-Control', ...Object.keys(OPEN_TO_PAGES)]
const REFUSAL_BLOCK = headerBlock(defaultsBut(SAID_BY_SURFACES, 400))
const completed = new WeakMap<HeaderBlock, HeaderBlock>()

/** Answers of one block are all redirects or none is, so that `status` says the same of all. */
function withDefaults(block: HeaderBlock, status: number): HeaderBlock {
  let known = completed.get(block)
  if (known === undefined) {
    known = headerBlock([...block.list, ...defaultsBut(SAID_BY_SURFACES, status)])
    completed.set(block, known)
  }
  return known
}

function flatten(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(headers).flat()
}
