import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RedirectTarget } from '../../../src/fci/effective-capabilities.ts'
import { parsePrefix } from '../../../src/fci/prefix.ts'
import type { Candidate, RejectionRule } from '../../../src/routing/decision.ts'
import { type AnswerMaterial, answerRefusal, answerRequest } from '../../../src/routing/ri/answer-request.ts'
import { type RedirectionRequest, readRedirectionRequest } from '../../../src/routing/ri/redirection-request.ts'
import { printRedirectionResponse, readRedirectionResponse } from '../../../src/routing/ri/redirection-response.ts'
import { httpStatusOf } from '../../../src/routing/ri/ri-error.ts'
import { request } from './ri-arbitraries.ts'

const OWN = 'AS64497:own'
const DNS = { 'resolver-ip': '192.0.2.1', qtype: 'A', qclass: 'IN', qname: 'www.example.com' }
const HTTP = { 'c-ip': '192.0.2.1', 'cs-uri': 'http://www.example.com', 'cs-method': 'GET', 'cs-version': 'HTTP/1.1' }

function read(body: object): RedirectionRequest {
  const reading = readRedirectionRequest({ 'cdn-path': ['AS64496:0'], ...body })
  if (reading.kind !== 'read') throw new Error(reading.refusal.reason)
  return reading.value
}

function candidate(
  provider: string,
  redirectTargets: readonly RedirectTarget[],
  addresses: readonly string[] = [],
): Candidate {
  const matched = { type: 'global', value: '*', prefixLength: 0 } as const
  return { provider, matched, priority: 1, weight: 1, redirectTargets, addresses, ranked: {}, because: [] }
}

const web: RedirectTarget = {
  redirectingHosts: [],
  httpTarget: { host: 'sur1.dcdn.example', pathPrefix: '/ucdn/', includeRedirectingHost: true },
}
const named: RedirectTarget = { redirectingHosts: [], dnsTarget: { host: 'RR1.dcdn.example:8443' } }

function material(candidates: readonly Candidate[], more: Partial<AnswerMaterial> = {}): AnswerMaterial {
  return {
    decision: { candidates, rejected: [], ttlSeconds: 20 },
    sameFor: parsePrefix('192.0.2.0/26'),
    own: OWN,
    namesSurrogates: () => false,
    reflectsPath: false,
    ...more,
  }
}

const answered = (body: object, of: AnswerMaterial) => printRedirectionResponse(answerRequest(read(body), of))
const codeOf = (body: object, of: AnswerMaterial) => answerRequest(read(body), of).error?.code

describe('an HTTP request', () => {
  it('is sent to the first candidate that has a target, for the clients that share the decision', () => {
    const found = material([candidate('a', [named]), candidate('b', [web]), candidate('c', [])])
    expect(answered({ http: HTTP }, found)).toEqual({
      http: {
        'sc-status': 302,
        'sc-version': 'HTTP/1.1',
        'sc-reason': 'Found',
        'cs-uri': 'http://www.example.com',
        'sc-(location)': 'http://sur1.dcdn.example/ucdn/www.example.com/',
      },
      scope: { iprange: ['192.0.2.0/26'] },
    })
  })

  it.each([
    [
      'GET',
      'https://www.example.com:8443/v/1.m3u8?a=%2e',
      302,
      'https://sur1.dcdn.example/ucdn/www.example.com:8443/v/1.m3u8?a=%2e',
    ],
    ['GET', 'http://www.example.com?x', 302, 'http://sur1.dcdn.example/ucdn/www.example.com/?x'],
    ['POST', 'HTTP://www.example.com/a', 307, 'http://sur1.dcdn.example/ucdn/www.example.com/a'],
  ])('%s %s is redirected by %i to %s', (method, uri, status, location) => {
    const body = { http: { ...HTTP, 'cs-method': method, 'cs-uri': uri } }
    expect(answerRequest(read(body), material([candidate('b', [web])]))).toMatchObject({ answer: { status, location } })
  })

  it.each([
    'moqt://www.example.com/a',
    'http://user@www.example.com/',
    'http://www.example.com/a/../../b',
    'http://www.example.com/a/%2E%2e?x',
    'http://www.example.com/a#b',
  ])('for %s is refused with 400', (uri) => {
    expect(codeOf({ http: { ...HTTP, 'cs-uri': uri } }, material([candidate('b', [web])]))).toBe(400)
  })
})

describe('a DNS request', () => {
  it.each<[string, Candidate, object]>([
    [
      'with the addresses of both kinds',
      candidate('a', [named], ['203.0.113.1', '2001:DB8::1']),
      { a: ['203.0.113.1'], aaaa: ['2001:db8::1'] },
    ],
    ['with the host of the target', candidate('a', [named]), { cname: ['rr1.dcdn.example'] }],
    [
      'with the address that the target is',
      candidate('a', [{ redirectingHosts: [], dnsTarget: { host: '203.0.113.9' } }]),
      { a: ['203.0.113.9'] },
    ],
  ])('is answered %s', (_, one, targets) => {
    expect(answered({ dns: DNS }, material([one]))).toEqual({
      dns: { rcode: 0, name: 'www.example.com', ...targets, ttl: 20 },
      scope: { iprange: ['192.0.2.0/26'] },
    })
  })

  it('with dns-only is sent to surrogates alone', () => {
    const body = { dns: { ...DNS, 'dns-only': true } }
    const candidates = [candidate('router', [named]), candidate('edge', [named], ['203.0.113.7'])]
    const known = material(candidates, { namesSurrogates: (provider) => provider === 'edge' })
    expect(answered(body, known)).toMatchObject({ dns: { a: ['203.0.113.7'] } })
    expect(codeOf(body, material(candidates))).toBe(506)
    expect(answered({ dns: DNS }, known)).toMatchObject({ dns: { cname: ['rr1.dcdn.example'] } })
  })

  it('has a scope around the subnet of the client, and none where the decision was for somebody else', () => {
    const body = { dns: { ...DNS, 'c-subnet': '198.51.100.0/24' } }
    const around = material([candidate('a', [named])], { sameFor: parsePrefix('198.51.0.0/16') })
    expect(answered(body, around)).toMatchObject({ scope: { iprange: ['198.51.0.0/16'] } })
    expect(answered(body, material([candidate('a', [named])]))).not.toHaveProperty('scope')
  })
})

describe('a request that cannot be answered', () => {
  const none = (...rules: readonly RejectionRule[]) =>
    material([], {
      decision: {
        candidates: [],
        rejected: rules.map((rule, i) => ({ provider: `p${i}`, rule, because: rule })),
        ttlSeconds: 20,
      },
    })

  it.each<[string, object, AnswerMaterial, number]>([
    ['has come through here', { http: HTTP, 'cdn-path': [OWN] }, material([candidate('b', [web])]), 502],
    ['has come too far', { http: HTTP, 'max-hops': 0 }, material([candidate('b', [web])]), 503],
    ['meets full CDNs', { http: HTTP }, none('outside_footprint', 'at_capacity'), 504],
    ['asks for what nobody has', { dns: DNS }, none('missing_capability', 'no_moq_capability'), 505],
    ['is of another class', { dns: { ...DNS, qclass: 'CH' } }, material([candidate('a', [named])]), 506],
    ['wants DNS where there is HTTP', { dns: DNS }, material([candidate('b', [web])]), 506],
    ['wants HTTP where there is DNS', { http: HTTP }, material([candidate('a', [named])]), 506],
    ['meets nobody', { http: HTTP }, none(), 500],
    ['meets CDNs that are down', { dns: DNS }, none('down', 'missing_capability'), 500],
  ])('because it %s is told so', (_, body, of, code) => {
    const response = answerRequest(read(body), of)
    expect(response).toMatchObject({ outcome: 'refused', error: { code } })
    expect(httpStatusOf(response)).toBe(500)
  })

  it('because it was not read is told where', () => {
    const reading = readRedirectionRequest({ dns: DNS, 'cdn-path': [1] })
    const response = reading.kind === 'refused' ? answerRefusal(reading.refusal) : undefined
    expect(response).toMatchObject({ error: { code: 400, reason: expect.stringMatching(/^\/cdn-path: /) } })
    expect(response && httpStatusOf(response)).toBe(400)
  })
})

describe('every answer', () => {
  it('is one that its receiver reads without complaint, with our id last if the path is told', () => {
    const targets = fc.constantFrom([], [web], [named], [web, named])
    const addresses = fc.constantFrom([], ['203.0.113.7', '2001:db8::7'])
    fc.assert(
      fc.property(
        request,
        fc.array(fc.tuple(targets, addresses), { maxLength: 3 }),
        fc.boolean(),
        (asked, held, may) => {
          const candidates = held.map(([redirects, ips], i) => candidate(`p${i}`, redirects, ips))
          const response = answerRequest(asked, material(candidates, { reflectsPath: may, namesSurrogates: () => may }))
          expect(readRedirectionResponse(printRedirectionResponse(response))).toEqual({
            kind: 'read',
            value: response,
            diagnostics: [],
          })
          const isTold = may && response.error?.code !== 503
          expect(response.cdnPath).toEqual(isTold ? [...asked.cdnPath, OWN] : undefined)
        },
      ),
    )
  })
})
