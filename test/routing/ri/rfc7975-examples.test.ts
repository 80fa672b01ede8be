import { describe, expect, it } from 'vitest'
import { parseJsonText } from '../../../src/fci/json-text.ts'
import { acceptsCdniBody } from '../../../src/fci/payload-types.ts'
import { parseAddress, parsePrefix } from '../../../src/fci/prefix.ts'
import { printRedirectionRequest, readRedirectionRequest } from '../../../src/routing/ri/redirection-request.ts'
import { printRedirectionResponse, readRedirectionResponse } from '../../../src/routing/ri/redirection-response.ts'
import { httpStatusOf } from '../../../src/routing/ri/ri-error.ts'
import { PRINTED } from './rfc7975-examples.ts'

type Example = keyof typeof PRINTED

const LIMITS = { maxLength: 10_000, maxDepth: 8 }
const LOCATION = 'http://sur1.dcdn.example/ucdn/example.com'
const INFORMATION = 'This is a human-readable message meant for debugging purposes'

/** With the commas that are missing, and without those that are too many. */
function corrected(example: Example): unknown {
  const text = PRINTED[example].replaceAll(/(["}\]])\n(\s*")/g, '$1,\n$2').replaceAll(/,(\s*\})/g, '$1')
  return parseJsonText(text, LIMITS)
}

function response(example: Example) {
  const reading = readRedirectionResponse(corrected(example))
  if (reading.kind === 'refused') throw new Error(reading.refusal.reason)
  return reading
}

const some = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Error('the test has a typing error')
  return value
}
const addresses = (...texts: readonly string[]) => texts.map((text) => some(parseAddress(text)))
const SIXES = addresses('2001:db8::c8', '2001:db8::c9')

describe('the examples of RFC 7975', () => {
  it.each<Example>([
    '4.5.2 HTTP response',
    '4.6 DNS response with a scope',
    '4.6 HTTP response with a scope',
    '4.7 HTTP response with an informational error',
  ])('%s is no JSON as it is printed', (example) => {
    expect(() => parseJsonText(PRINTED[example], LIMITS)).toThrow(/cannot read/)
  })

  it.each<Example>([
    '4.4.1 DNS request',
    '4.4.2 DNS response with addresses',
    '4.4.2 DNS response with an alias',
    '4.5.1 HTTP request',
    '4.7 unsuccessful response',
  ])('%s is JSON as it is printed', (example) => {
    expect(parseJsonText(PRINTED[example], LIMITS)).toEqual(corrected(example))
  })

  it('have the two payload types of 4.3', () => {
    const types = ['redirection-request', 'redirection-response']
    expect(types.map((type) => acceptsCdniBody(`application/cdni; ptype=${type}`, types))).toEqual(types)
  })

  it('4.4.1 and 4.5.1 are read, and printed as they were', () => {
    const dns = readRedirectionRequest(corrected('4.4.1 DNS request'))
    const http = readRedirectionRequest(corrected('4.5.1 HTTP request'))
    const way = { cdnPath: ['AS64496:0'], maxHops: 3 }
    expect(dns).toEqual({
      kind: 'read',
      diagnostics: [],
      value: {
        asked: {
          kind: 'dns',
          resolver: parseAddress('192.0.2.1'),
          clientSubnet: parsePrefix('198.51.100.0/24'),
          qtype: 'A',
          qclass: 'IN',
          qname: 'www.example.com',
          dnsOnly: false,
        },
        ...way,
      },
    })
    expect(http).toEqual({
      kind: 'read',
      diagnostics: [],
      value: {
        asked: {
          kind: 'http',
          client: parseAddress('198.51.100.1'),
          uri: 'http://www.example.com',
          method: 'GET',
          version: 'HTTP/1.1',
          headers: new Map(),
        },
        ...way,
      },
    })
    if (dns.kind === 'read') expect(printRedirectionRequest(dns.value)).toEqual(corrected('4.4.1 DNS request'))
    if (http.kind === 'read') expect(printRedirectionRequest(http.value)).toEqual(corrected('4.5.1 HTTP request'))
  })

  it('4.4.2 names addresses, or an alias', () => {
    const dns = { kind: 'dns', rcode: 0, name: 'www.example.com' }
    const a = addresses('203.0.113.200', '203.0.113.201', '203.0.113.202')
    expect(response('4.4.2 DNS response with addresses')).toMatchObject({
      diagnostics: [],
      value: { answer: { ...dns, to: { kind: 'addresses', a, aaaa: SIXES }, ttlSeconds: 60 }, scope: [] },
    })
    expect(response('4.4.2 DNS response with an alias')).toMatchObject({
      diagnostics: [],
      value: { answer: { ...dns, to: { kind: 'alias', names: ['rr1.dcdn.example'] }, ttlSeconds: 20 }, scope: [] },
    })
  })

  it('4.5.2 is printed as it was corrected', () => {
    const { value, diagnostics } = response('4.5.2 HTTP response')
    expect(diagnostics).toEqual([])
    expect(value).toMatchObject({ outcome: 'redirected', answer: { status: 302, location: LOCATION } })
    expect(printRedirectionResponse(value)).toEqual(corrected('4.5.2 HTTP response'))
  })

  it('4.6 gives DNS and HTTP responses a scope; what the latter leaves out is filled in', () => {
    const scope = [parsePrefix('198.51.100.0/24')]
    expect(response('4.6 DNS response with a scope')).toMatchObject({ diagnostics: [], value: { scope } })
    const { value, diagnostics } = response('4.6 HTTP response with a scope')
    expect(value).toMatchObject({
      answer: {
        version: 'HTTP/1.1',
        reason: 'Found',
        location: LOCATION,
        headers: new Map([['cache-control', 'public, max-age=30']]),
      },
      scope,
    })
    expect(diagnostics.map(({ code, pointer }) => [code, pointer])).toEqual([
      ['ri-default-assumed', '/http/sc-version'],
      ['ri-default-assumed', '/http/sc-reason'],
    ])
  })

  it('4.7 calls the reason "description", which is read and not sent', () => {
    const failed = response('4.7 unsuccessful response')
    expect(failed.value).toEqual({ outcome: 'refused', error: { code: 504, reason: 'Out of capacity' } })
    expect(failed.diagnostics.map(({ pointer }) => pointer)).toEqual(['/error/description'])
    expect(printRedirectionResponse(failed.value)).toEqual({ error: { 'error-code': 504, reason: 'Out of capacity' } })
    expect(httpStatusOf(failed.value)).toBe(500)

    const informed = response('4.7 HTTP response with an informational error').value
    expect(informed).toMatchObject({ outcome: 'redirected', error: { code: 100, reason: INFORMATION } })
    expect(httpStatusOf(informed)).toBe(200)
  })
})
