import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, toJsonValue } from '../../../src/fci/canonical-json.ts'
import { containsAddress, parsePrefix } from '../../../src/fci/prefix.ts'
import {
  clientOf,
  printRedirectionRequest,
  type RedirectionRequest,
  readRedirectionRequest,
} from '../../../src/routing/ri/redirection-request.ts'
import type { RedirectionResponse } from '../../../src/routing/ri/redirection-response.ts'
import { reusableFor } from '../../../src/routing/ri/reuse-rules.ts'
import { address, request, response } from './ri-arbitraries.ts'

const DNS = { 'resolver-ip': '192.0.2.1', qtype: 'A', qclass: 'IN', qname: 'www.example.com' }
const HTTP = { 'c-ip': '198.51.100.1', 'cs-uri': 'http://a.example/', 'cs-method': 'GET', 'cs-version': 'HTTP/1.1' }

function read(body: object): RedirectionRequest {
  const reading = readRedirectionRequest({ 'cdn-path': ['AS64496:0'], ...body })
  if (reading.kind !== 'read') throw new Error(reading.refusal.reason)
  return reading.value
}

function answer(...ranges: readonly string[]): RedirectionResponse {
  const scope = ranges.flatMap((range) => parsePrefix(range) ?? [])
  const to = { kind: 'alias', names: ['x.example'] } as const
  return { outcome: 'redirected', answer: { kind: 'dns', rcode: 0, name: 'a', to, ttlSeconds: 0 }, scope }
}

const REFUSED: RedirectionResponse = { outcome: 'refused', error: { code: 504 } }
const kept = (asked: RedirectionRequest, given: RedirectionResponse, receivedAt = 0, freshUntil = 1000) => ({
  request: asked,
  response: given,
  receivedAt,
  freshUntil,
})

describe('a kept response', () => {
  const http = { http: HTTP }
  const subnet = { dns: { ...DNS, 'c-subnet': '198.51.100.0/24' } }
  const other = { http: { ...HTTP, 'c-ip': '198.51.100.200' } }
  it.each<[string, object, RedirectionResponse, object, boolean]>([
    ['answers the same request', http, answer(), http, true],
    ['answers the same request outside its scope', http, answer('10.0.0.0/8'), http, true],
    ['answers the same request with an error', http, REFUSED, http, true],
    ['answers no other client without a scope', http, answer(), other, false],
    ['answers no other client with an error', http, REFUSED, other, false],
    ['answers a client in its scope', http, answer('198.51.100.0/24'), other, true],
    ['answers a client in any of its ranges', http, answer('10.0.0.0/8', '198.51.100.0/24'), other, true],
    ['answers none beside it', http, answer('198.51.100.0/25'), other, false],
    ['answers none of the other IP version', http, answer('::/0'), other, false],
    ['answers no other URI', http, answer('0.0.0.0/0'), { http: { ...HTTP, 'cs-uri': 'http://a.example/b' } }, false],
    ['answers no other header', http, answer('0.0.0.0/0'), { http: { ...HTTP, 'cs-(range)': 'x' } }, false],
    ['answers no other way', http, answer('0.0.0.0/0'), { ...http, 'cdn-path': ['AS1:0'] }, false],
    ['answers no other limit', http, answer('0.0.0.0/0'), { ...http, 'max-hops': 3 }, false],
    ['answers no DNS request', http, answer('0.0.0.0/0'), { dns: DNS }, false],
    [
      'answers a resolver in its scope',
      { dns: DNS },
      answer('192.0.2.0/24'),
      { dns: { ...DNS, 'resolver-ip': '192.0.2.9' } },
      true,
    ],
    ['answers no other type', { dns: DNS }, answer('0.0.0.0/0'), { dns: { ...DNS, qtype: 'AAAA' } }, false],
    ['answers none with dns-only', { dns: DNS }, answer('0.0.0.0/0'), { dns: { ...DNS, 'dns-only': true } }, false],
    ['answers no subnet when it was asked without', { dns: DNS }, answer('0.0.0.0/0'), subnet, false],
    [
      'answers a subnet in its scope',
      subnet,
      answer('198.51.0.0/16'),
      { dns: { ...DNS, 'c-subnet': '198.51.7.0/24' } },
      true,
    ],
    [
      'answers no subnet that is wider than its scope',
      subnet,
      answer('198.50.0.0/16'),
      { dns: { ...DNS, 'c-subnet': '198.50.0.0/15' } },
      false,
    ],
    [
      'answers a subnet of the same resolver alone',
      subnet,
      answer('0.0.0.0/0'),
      { dns: { ...DNS, 'c-subnet': '198.51.100.0/24', 'resolver-ip': '192.0.2.9' } },
      false,
    ],
  ])('%s', (_, answered, given, asked, may) => {
    expect(reusableFor(read(asked), [kept(read(answered), given)], 0) !== undefined).toBe(may)
  })

  it('is used while it is fresh, the most recent of several first', () => {
    const all = answer('0.0.0.0/0')
    const older = kept(read(http), all, 100, 900)
    const newer = kept(read(other), all, 200, 500)
    const notMine = kept(read({ dns: DNS }), all, 300, 900)
    const held = [older, newer, notMine]
    expect(reusableFor(read(http), held, 400)).toBe(newer)
    expect(reusableFor(read(http), held.toReversed(), 400)).toBe(newer)
    expect(reusableFor(read(http), held, 500)).toBe(older)
    expect(reusableFor(read(http), held, 900)).toBeUndefined()
  })

  it('never answers a request that differs in more than a client in its scope', () => {
    const moved = fc
      .tuple(request, address)
      .map(([one, client]): [RedirectionRequest, RedirectionRequest] => [
        one,
        { ...one, asked: one.asked.kind === 'http' ? { ...one.asked, client } : { ...one.asked, resolver: client } },
      ])
    fc.assert(
      fc.property(fc.oneof(moved, fc.tuple(request, request)), response, ([first, second], given) => {
        const text = (one: RedirectionRequest) => canonicalJson(toJsonValue(printRedirectionRequest(one), 4) ?? null)
        const isReused = reusableFor(second, [kept(first, given)], 0) !== undefined
        if (text(first) === text(second)) {
          expect(isReused).toBe(true)
          return
        }
        const client = clientOf(second)
        const inScope =
          given.outcome === 'redirected' &&
          given.scope.some((prefix) => prefix.length <= client.length && containsAddress(prefix, client))
        const { asked } = second
        const sameBut: RedirectionRequest['asked'] =
          asked.kind === 'http' && first.asked.kind === 'http'
            ? { ...asked, client: first.asked.client }
            : asked.kind === 'dns' && first.asked.kind === 'dns'
              ? asked.clientSubnet !== undefined && first.asked.clientSubnet !== undefined
                ? { ...asked, clientSubnet: first.asked.clientSubnet }
                : { ...asked, ...(asked.clientSubnet === undefined ? { resolver: first.asked.resolver } : {}) }
              : asked
        expect(isReused).toBe(inScope && text({ ...second, asked: sameBut }) === text(first))
      }),
    )
  })
})
