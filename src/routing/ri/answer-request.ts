import { type Address, containsAddress, type Prefix } from '../../fci/prefix.ts'
import type { Decision, RejectionRule } from '../decision.ts'
import { answerOf } from '../dns/client-answer.ts'
import { httpTargetFor, isHost, redirectLocation } from '../redirect-target.ts'
import { refusedForItsWay } from './hop-rules.ts'
import { clientOf, type DnsQuestion, type HttpQuestion, type RedirectionRequest } from './redirection-request.ts'
import {
  type DnsRedirect,
  type HttpRedirect,
  type RedirectionResponse,
  type RefusedResponse,
  reasonPhrase,
} from './redirection-response.ts'
import { type RiError, riError } from './ri-error.ts'
import { type RiRefusal, readAddress } from './ri-reading.ts'

/** What an answer is made of. */
export interface AnswerMaterial {
  /** For the first address of `clientOf(request)`. */
  readonly decision: Pick<Decision, 'candidates' | 'rejected' | 'ttlSeconds'>
  /** All clients of this prefix get the same decision; undefined: not known. */
  readonly sameFor: Prefix | undefined
  /** The CDN Provider ID of this CDN. */
  readonly own: string
  /** Whether the DNS targets of a provider are surrogates, never request routers (RFC 7975 4.4.1, `dns-only`). */
  readonly namesSurrogates: (provider: string) => boolean
  /** Whether the uCDN may see who took part (RFC 7975 4.2). */
  readonly reflectsPath: boolean
}

/**
 * The answer to a request: the first candidate that has a target of the asked kind. Errors: 502 and 503 by the hop rules;
 * 400 for a URI that cannot be redirected; 504 where only capacity is lacking, 505 where nobody has what is asked for, 500
 * when nobody may serve otherwise; 506 when those who may have no such target.
 */
export function answerRequest(request: RedirectionRequest, material: AnswerMaterial): RedirectionResponse {
  const path = material.reflectsPath ? { cdnPath: [...request.cdnPath, material.own] } : {}
  const refuse = (error: RiError): RefusedResponse => ({ outcome: 'refused', error })
  const refusal = refusedForItsWay(request, material.own)
  if (refusal !== undefined) return refuse(refusal)
  const { asked } = request
  const answer = asked.kind === 'dns' ? answerDns(asked, material) : answerHttp(asked, material)
  if ('code' in answer) return { ...refuse(answer), ...path }
  return { outcome: 'redirected', answer, scope: scopeOf(request, material.sameFor), ...path }
}

/** The answer to a body that was not read. */
export function answerRefusal({ code, pointer, reason }: RiRefusal): RefusedResponse {
  return { outcome: 'refused', error: riError(code, pointer === '' ? reason : `${pointer}: ${reason}`) }
}

/** A prefix that is not around the address that was decided for says nothing of this request. */
function scopeOf(request: RedirectionRequest, sameFor: Prefix | undefined): readonly Prefix[] {
  return sameFor !== undefined && containsAddress(sameFor, clientOf(request)) ? [sameFor] : []
}

function answerDns(asked: DnsQuestion, { decision, namesSurrogates }: AnswerMaterial): DnsRedirect | RiError {
  if (asked.qclass !== 'IN') return riError(506)
  if (decision.candidates.length === 0) return nobodyServes(decision)
  const candidates = decision.candidates.filter(({ provider }) => !asked.dnsOnly || namesSurrogates(provider))
  const facts = { candidates, ttlSeconds: decision.ttlSeconds, sameForBits: 0 }
  const answer = answerOf(facts, asked.qname, undefined)
  const ttlSeconds = decision.ttlSeconds
  const redirect = { kind: 'dns', rcode: 0, name: asked.qname, ttlSeconds } as const
  switch (answer.kind) {
    case 'nobody':
      return riError(506)
    case 'alias':
      return { ...redirect, to: { kind: 'alias', names: [answer.host.toLowerCase()] } }
    case 'addresses': {
      const addresses = answer.addresses.flatMap((text) => readAddress(text) ?? [])
      const of = (version: 4 | 6): readonly Address[] => addresses.filter((one) => one.version === version)
      return addresses.length === 0 ? riError(506) : { ...redirect, to: { kind: 'addresses', a: of(4), aaaa: of(6) } }
    }
  }
}

const HTTP_URI = /^(https?):\/\/([^/?#]+)([^#]*)$/i
/** A prefix in the target's path would be left by it. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?=[/?]|$)/i

function answerHttp(asked: HttpQuestion, { decision }: AnswerMaterial): HttpRedirect | RiError {
  const parts = HTTP_URI.exec(asked.uri)
  const host = parts?.[2] ?? ''
  const rest = parts?.[3] ?? ''
  if (parts === null || !isHost(host)) return riError(400, '/http/cs-uri: it is not an http or https URI')
  if (DOT_SEGMENT.test(rest.split('?')[0] ?? '')) return riError(400, '/http/cs-uri: it has a segment "." or ".."')
  if (decision.candidates.length === 0) return nobodyServes(decision)
  const scheme = parts[1]?.toLowerCase() === 'https' ? 'https' : 'http'
  const pathAndQuery = rest.startsWith('/') ? rest : `/${rest}`
  for (const { redirectTargets } of decision.candidates) {
    const chosen = httpTargetFor(redirectTargets, host)
    if (chosen === undefined) continue
    const status = asked.method === 'GET' || asked.method === 'HEAD' ? 302 : 307
    const location = redirectLocation(chosen, { scheme, host, pathAndQuery })
    const reason = reasonPhrase(status)
    return { kind: 'http', status, version: 'HTTP/1.1', reason, uri: asked.uri, location, headers: new Map() }
  }
  return riError(506)
}

const LACKS: ReadonlySet<RejectionRule> = new Set<RejectionRule>(['missing_capability', 'no_moq_capability'])

/** Who is rejected for capacity would serve otherwise, as that is looked at last. */
function nobodyServes({ rejected }: AnswerMaterial['decision']): RiError {
  if (rejected.some(({ rule }) => rule === 'at_capacity')) return riError(504)
  if (rejected.length > 0 && rejected.every(({ rule }) => LACKS.has(rule))) return riError(505)
  return riError(500, 'No CDN may serve this client now')
}
