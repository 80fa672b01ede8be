import fc from 'fast-check'
import { type Address, addressBits, type Prefix, prefixOf } from '../../../src/fci/prefix.ts'
import type { DnsQuestion, HttpQuestion, RedirectionRequest } from '../../../src/routing/ri/redirection-request.ts'
import type { RedirectionResponse } from '../../../src/routing/ri/redirection-response.ts'

const four = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value): Address => ({ version: 4, value }))
/** Beyond those that stand for IPv4 addresses. */
const six = fc.bigInt({ min: 2n ** 64n, max: 2n ** 128n - 1n }).map((value): Address => ({ version: 6, value }))
export const address = fc.oneof(four, six)
const prefix = fc
  .tuple(address, fc.nat(128))
  .map(([one, length]): Prefix => prefixOf(one, Math.min(length, addressBits(one.version))))

const name = fc.constantFrom('www.example.com', 'a_b.example', 'xn--bcher-kva.example', 'x')
const uri = fc.constantFrom('http://www.example.com', 'https://a.example:8443/v/1.m3u8?x=1', 'http://[2001:db8::1]/')
const headers = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom('accept', 'user-agent', 'x~y', '__proto__', 'range'),
      fc.stringMatching(/^[\t -~]{0,20}$/),
    ),
    { selector: ([key]) => key },
  )
  .map((entries) => new Map(entries))
const path = fc.array(fc.constantFrom('AS64496:0', 'AS64497:a.b', 'AS64498:x_y'), { minLength: 1, maxLength: 5 })
const reason = fc.string({ maxLength: 50 })
const code = fc.integer({ min: 100, max: 999 })

const dns: fc.Arbitrary<DnsQuestion> = fc
  .record({
    kind: fc.constant('dns' as const),
    resolver: address,
    qtype: fc.constantFrom('A' as const, 'AAAA' as const),
    qclass: fc.constantFrom('IN', 'CH'),
    qname: name,
    clientSubnet: fc.option(prefix, { nil: undefined }),
    dnsOnly: fc.boolean(),
  })
  .map(({ clientSubnet, ...rest }) => ({ ...rest, ...(clientSubnet && { clientSubnet }) }))

const http: fc.Arbitrary<HttpQuestion> = fc.record({
  kind: fc.constant('http' as const),
  client: address,
  uri,
  method: fc.constantFrom('GET', 'POST'),
  version: fc.constantFrom('HTTP/1.1', 'HTTP/2'),
  headers,
})

export const request: fc.Arbitrary<RedirectionRequest> = fc
  .record({ asked: fc.oneof(dns, http), cdnPath: path, maxHops: fc.option(fc.nat(9), { nil: undefined }) })
  .map(({ maxHops, ...rest }) => ({ ...rest, ...(maxHops === undefined ? {} : { maxHops }) }))

const error = fc.oneof(fc.record({ code }), fc.record({ code, reason }))
const told = fc.oneof(
  path.map((cdnPath) => ({ cdnPath })),
  fc.constant({}),
)
const dnsRedirect = fc.record({
  kind: fc.constant('dns' as const),
  rcode: fc.nat(4095),
  name,
  to: fc.oneof(
    fc.record({
      kind: fc.constant('addresses' as const),
      a: fc.array(four, { minLength: 1, maxLength: 3 }),
      aaaa: fc.array(six, { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('alias' as const), names: fc.array(name, { minLength: 1, maxLength: 2 }) }),
  ),
  ttlSeconds: fc.nat(),
})
const httpRedirect = fc.record({
  kind: fc.constant('http' as const),
  status: fc.integer({ min: 300, max: 399 }),
  version: fc.constant('HTTP/1.1'),
  reason: fc.constantFrom('Found', 'Temporary Redirect'),
  uri,
  location: uri,
  headers,
})

export const response: fc.Arbitrary<RedirectionResponse> = fc.oneof(
  fc
    .tuple(fc.record({ outcome: fc.constant('refused' as const), error }), told)
    .map(([refused, way]) => ({ ...refused, ...way })),
  fc
    .tuple(
      fc.record({
        outcome: fc.constant('redirected' as const),
        answer: fc.oneof(dnsRedirect, httpRedirect),
        scope: fc.array(prefix, { maxLength: 3 }),
      }),
      fc.oneof(
        error.map((one) => ({ error: one })),
        fc.constant({}),
      ),
      told,
    )
    .map(([redirected, beside, way]) => ({ ...redirected, ...beside, ...way })),
)
