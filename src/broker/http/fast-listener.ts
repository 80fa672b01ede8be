import type { IncomingMessage, ServerResponse } from 'node:http'
import { isHost } from '../../routing/redirect-target.ts'
import { DEFAULT_HEADERS, requestIdOf } from './access-log.ts'
import type { HttpDeps } from './app-env.ts'
import { presentedKey } from './authentication.ts'
import { decisionText } from './decision-text.ts'
import { problemOf } from './error-problem.ts'
import { isFailureOfOurs, PROBLEM_CATALOGUE, problemBody, problemHeaders } from './problem.ts'
import { REDIRECT_ROUTE } from './redirect.ts'
import { NO_PROXIES, originOf, type RequestOrigin } from './request-origin.ts'
import { readPlainQuery } from './route-query.ts'
import { STEERING_ROUTE } from './steering.ts'
import { OPEN_TO_PAGES, openToPages, type Surface } from './surface-answer.ts'

export type FastDeps = Pick<
  HttpDeps,
  'routes' | 'keys' | 'redirect' | 'steering' | 'origin' | 'now' | 'log' | 'requestId' | 'observe'
>

/** Answers a request, or touches nothing and says `false`: then the framework has it. */
export type FastListener = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean

const ROUTE = '/route'
const ROUTE_QUERY = '/route?'
const REDIRECT = '/r/'
const STEERING = /^\/steering\/[\w.~-]+\/\w+\.json(?:\?|$)/
/** RFC 3986 3.3 and 3.4. What else may arrive is the framework's to judge. */
const PLAIN_TARGET = /^\/\w+\/[\w.~-]+(?:[/?][\w.~:@!$&'()*+,;=/?%-]*)?$/

/**
 * Answers the busiest requests ahead of the framework, which costs more than the decision itself: look-ups and
 * redirects that are written plainly, are allowed, and can be answered from memory at once. Whatever is unusual goes to
 * the framework, refusals too. The answer is the same either way, and so are metrics and log; a test compares them.
 */
export function createFastListener(deps: FastDeps): FastListener {
  const { origin: rules = NO_PROXIES } = deps

  function answerRoute(incoming: IncomingMessage, outgoing: ServerResponse, query: string): boolean {
    const startedAt = deps.now()
    const key = presentedKey(header(incoming, 'authorization'), header(incoming, 'x-api-key'))
    const principal = key === undefined ? undefined : deps.keys.recall(key)
    const asked = principal === undefined ? undefined : readPlainQuery(query)
    if (principal === undefined || asked === undefined) return false
    const origin = asked.client === undefined ? originFor(incoming) : undefined
    const client = asked.client ?? origin?.client
    if (client === undefined) return false
    const answer = attempt(() => deps.routes.decideHeld({ ...asked, client }))
    if (answer === undefined) return false
    const { body, holdsConnectUrl } = decisionText(answer, principal.role)
    const maxAge = answer.decision.ttlSeconds
    const headers = ['Cache-Control', holdsConnectUrl ? 'no-store' : `private, max-age=${maxAge}`]
    if (origin?.vary !== undefined) headers.push('Vary', origin.vary)
    headers.push('Content-Type', 'application/json')
    send({ incoming, outgoing, startedAt, route: ROUTE, status: 200, headers, body, key: principal.id })
    return true
  }

  function answerSurface(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    surface: Surface,
    route: string,
  ): boolean {
    const startedAt = deps.now()
    const { method = '', url = '' } = incoming
    if (!PLAIN_TARGET.test(url) || !isHost(header(incoming, 'host') ?? '')) return false
    const common = { incoming, outgoing, startedAt, route }
    try {
      const answer = surface({ method, target: url, origin: originFor(incoming) })
      if (answer instanceof Promise) {
        // The framework asks again and waits; nobody listens to how this one ends.
        answer.catch(() => undefined)
        return false
      }
      send({ ...common, status: answer.status, headers: flatten(answer.headers), body: answer.body })
    } catch (error) {
      const problem = problemOf(error)
      if (problem === undefined || isFailureOfOurs(problem)) return false
      const requestId = requestIdFor(incoming)
      const body = JSON.stringify(problemBody(problem, requestId))
      const headers = flatten(problemHeaders(openToPages(problem)))
      send({ ...common, requestId, status: PROBLEM_CATALOGUE[problem.kind].status, headers, body })
    }
    return true
  }

  function requestIdFor(incoming: IncomingMessage): string {
    return requestIdOf(header(incoming, 'x-request-id'), deps.requestId)
  }

  function originFor(incoming: IncomingMessage): RequestOrigin {
    return originOf({ peer: incoming.socket.remoteAddress, header: (name) => header(incoming, name) }, rules)
  }

  function send(answer: FastAnswer): void {
    const { incoming, outgoing, startedAt, route, status, headers, body, key } = answer
    const requestId = answer.requestId ?? requestIdFor(incoming)
    headers.push('X-Request-Id', requestId, 'Content-Length', String(Buffer.byteLength(body)))
    for (const part of route === ROUTE ? DEFAULTS_OF_ROUTE : DEFAULTS_OF_SURFACES) headers.push(part)
    outgoing.writeHead(status, headers)
    outgoing.end(body)
    const at = deps.now()
    const access = { method: incoming.method ?? '', route, status, durationMs: at - startedAt }
    deps.observe?.(access)
    deps.log.access({ ...access, requestId, ...(key === undefined ? {} : { key }) }, at)
  }

  return (incoming, outgoing) => {
    const { method, url = '' } = incoming
    if (method !== 'GET' || hasBody(incoming)) return false
    if (url.startsWith(ROUTE_QUERY)) return answerRoute(incoming, outgoing, url.slice(ROUTE_QUERY.length))
    if (url === ROUTE) return answerRoute(incoming, outgoing, '')
    if (deps.redirect !== undefined && url.startsWith(REDIRECT)) {
      return answerSurface(incoming, outgoing, deps.redirect, REDIRECT_ROUTE)
    }
    if (deps.steering !== undefined && STEERING.test(url)) {
      return answerSurface(incoming, outgoing, deps.steering, STEERING_ROUTE)
    }
    return false
  }
}

/** Names and values in turn of what an answer carries that does not say otherwise; `own`: names that it always says. */
function defaultsBut(own: readonly string[]): readonly string[] {
  return DEFAULT_HEADERS.filter(([name]) => !own.includes(name)).flat()
}

const DEFAULTS_OF_ROUTE = defaultsBut(['Cache-Control'])
const DEFAULTS_OF_SURFACES = defaultsBut(['Cache-Control', ...Object.keys(OPEN_TO_PAGES)])

interface FastAnswer {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly startedAt: number
  readonly route: string
  readonly status: number
  /** Names and values in turn. */
  readonly headers: string[]
  readonly body: string
  readonly key?: string
  /** Where it had to be known before. */
  readonly requestId?: string
}

/** `undefined` when it fails: the framework fails in the same way, and says so as it always does. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function flatten(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flat()
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
