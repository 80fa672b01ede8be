import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddress, parsePrefix } from '../../../src/fci/prefix.ts'
import { printRedirectionRequest, readRedirectionRequest } from '../../../src/routing/ri/redirection-request.ts'
import { printRedirectionResponse, readRedirectionResponse } from '../../../src/routing/ri/redirection-response.ts'
import { request, response } from './ri-arbitraries.ts'

const DNS = { 'resolver-ip': '192.0.2.1', qtype: 'A', qclass: 'IN', qname: 'www.example.com' }
const HTTP = { 'c-ip': '192.0.2.1', 'cs-uri': 'http://a.example/', 'cs-method': 'GET', 'cs-version': 'HTTP/1.1' }
const PATH = { 'cdn-path': ['AS64496:0'] }
const REDIRECT = {
  'sc-status': 302,
  'sc-version': 'HTTP/1.1',
  'sc-reason': 'Found',
  'cs-uri': 'http://a.example/',
  'sc-(location)': 'http://b.example/',
}
const ALIAS = { rcode: 0, name: 'www.example.com', cname: ['x.example'] }

const TOP_KEYS = ['dns', 'http', 'scope', 'iprange', 'error', 'error-code', 'reason', 'cdn-path', 'max-hops', 'DNS']
const OTHER_KEYS = [...TOP_KEYS, 'a', 'aaaa', 'ttl', 'c-subnet', 'dns-only', 'cs-(x)', 'sc-(y)', '__proto__']

/** JSON of any shape whose keys are often those of the two objects. */
const anyJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, 302, -1, 1e300, '', 'A', 'IN', '192.0.2.1', '::1/64', 'AS64496:0', 'http://a/\r\n'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(...OTHER_KEYS, ...Object.keys({ ...DNS, ...HTTP, ...REDIRECT, ...ALIAS })),
      tie('value'),
      { maxKeys: 6 },
    ),
  ),
}))

describe('reading', () => {
  it('gives what was printed, without diagnostics', () => {
    fc.assert(
      fc.property(request, (value) => {
        const sent: unknown = JSON.parse(JSON.stringify(printRedirectionRequest(value)))
        expect(readRedirectionRequest(sent)).toEqual({ kind: 'read', value, diagnostics: [] })
      }),
    )
    fc.assert(
      fc.property(response, (value) => {
        const sent: unknown = JSON.parse(JSON.stringify(printRedirectionResponse(value)))
        const reading = readRedirectionResponse(sent)
        expect(reading).toMatchObject({ kind: 'read', value })
        expect(reading.diagnostics.filter(({ code }) => code !== 'ri-error-beside-answer')).toEqual([])
      }),
    )
  })

  it('never throws, and what it gives is printed and read as the same', () => {
    const bodies = fc.oneof(
      anyJson.value,
      fc.tuple(fc.constantFrom(DNS, HTTP, REDIRECT, ALIAS), anyJson.value).map(([base, other]) => {
        const spoilt = { ...base, ...(typeof other === 'object' && !Array.isArray(other) ? other : {}) }
        return 'qname' in base || 'name' in base ? { dns: spoilt, ...PATH } : { http: spoilt, ...PATH }
      }),
    )
    fc.assert(
      fc.property(bodies, (body) => {
        const asked = readRedirectionRequest(body)
        if (asked.kind === 'read') {
          expect(readRedirectionRequest(printRedirectionRequest(asked.value))).toMatchObject({ value: asked.value })
        }
        const answered = readRedirectionResponse(body)
        if (answered.kind === 'read') {
          expect(readRedirectionResponse(printRedirectionResponse(answered.value))).toMatchObject({
            value: answered.value,
          })
        }
      }),
    )
  })
})

describe('a request', () => {
  it.each<[string, unknown, string]>([
    ['that is no object', [], ''],
    ['without a dictionary', PATH, ''],
    ['with both dictionaries', { dns: DNS, http: HTTP, ...PATH }, ''],
    ['whose keys are in capitals', { DNS, ...PATH }, ''],
    ['whose dictionary is a list', { dns: [], ...PATH }, '/dns'],
    ['without a resolver', { dns: { ...DNS, 'resolver-ip': undefined }, ...PATH }, '/dns/resolver-ip'],
    ['whose resolver is a name', { dns: { ...DNS, 'resolver-ip': 'ns.example' }, ...PATH }, '/dns/resolver-ip'],
    ['for MX', { dns: { ...DNS, qtype: 'MX' }, ...PATH }, '/dns/qtype'],
    ['for a name that is not of A-labels', { dns: { ...DNS, qname: 'bücher.example' }, ...PATH }, '/dns/qname'],
    ['without a client', { http: { ...HTTP, 'c-ip': undefined }, ...PATH }, '/http/c-ip'],
    ['without a URI', { http: { ...HTTP, 'cs-uri': '/v/1' }, ...PATH }, '/http/cs-uri'],
    ['with a method that is two', { http: { ...HTTP, 'cs-method': 'GET /' }, ...PATH }, '/http/cs-method'],
    ['without a version', { http: { ...HTTP, 'cs-version': '1.1' }, ...PATH }, '/http/cs-version'],
    ['without a path', { dns: DNS }, '/cdn-path'],
    ['with an empty path', { dns: DNS, 'cdn-path': [] }, '/cdn-path'],
    ['with a step that is no id', { dns: DNS, 'cdn-path': ['AS64496:0', 'x'] }, '/cdn-path'],
    ['with a path that is no honest one', { dns: DNS, 'cdn-path': Array(65).fill('AS1:0') }, '/cdn-path'],
  ])('%s is refused with 400 at the place', (_, body, pointer) => {
    expect(readRedirectionRequest(body)).toMatchObject({ kind: 'refused', refusal: { code: 400, pointer } })
  })

  it.each<[string, object, object, string]>([
    ['written in small letters', { qtype: 'aaaa' }, { qtype: 'AAAA' }, 'ri-value-repaired'],
    ['whose subnet is broken', { 'c-subnet': '1.2.3.4/40' }, { dnsOnly: false }, 'ri-key-ignored'],
    [
      'whose subnet has host bits',
      { 'c-subnet': '192.0.2.7/24' },
      { clientSubnet: parsePrefix('192.0.2.0/24') },
      'ri-value-repaired',
    ],
    ['whose dns-only is no boolean', { 'dns-only': 'false' }, { dnsOnly: true }, 'ri-stricter-assumed'],
    ['with a key in capitals', { 'DNS-Only': true }, { dnsOnly: false }, 'ri-key-case'],
  ])('for DNS %s is read with a diagnostic', (_, slip, asked, code) => {
    const reading = readRedirectionRequest({ dns: { ...DNS, ...slip }, ...PATH })
    expect(reading).toMatchObject({ kind: 'read', value: { asked }, diagnostics: [{ code }] })
  })

  it('goes no further when its max-hops cannot be read', () => {
    const reading = readRedirectionRequest({ dns: DNS, 'cdn-path': ['AS1:a', 'AS2:b'], 'max-hops': '3' })
    expect(reading).toMatchObject({ value: { maxHops: 2 }, diagnostics: [{ code: 'ri-stricter-assumed' }] })
  })

  it('keeps header fields in lower case, once, and neither cookies nor what could end a field', () => {
    const fields = {
      'cs-(range)': 'a',
      'cs-(Range)': 'b',
      'cs-(cookie)': 'c',
      'cs-(x)': 'd\r\ne',
      'cs-(y)': 1,
      other: 1,
    }
    const reading = readRedirectionRequest({ http: { ...HTTP, ...fields }, ...PATH })
    expect(reading).toMatchObject({ value: { asked: { headers: new Map([['range', 'a']]) } } })
    expect(reading.diagnostics.map(({ code }) => code)).toEqual([
      'ri-key-case',
      'ri-cookie-dropped',
      'ri-key-ignored',
      'ri-key-ignored',
    ])
  })

  it('takes an IPv4-mapped client for the IPv4 address, and the AS of an id in any case', () => {
    const body = { http: { ...HTTP, 'c-ip': '::ffff:192.0.2.9' }, 'cdn-path': ['as64496:A'] }
    const value = { asked: { client: parseAddress('192.0.2.9') }, cdnPath: ['AS64496:A'] }
    expect(readRedirectionRequest(body)).toMatchObject({ value, diagnostics: [] })
  })
})

describe('a response', () => {
  it.each<[string, unknown, string]>([
    ['without answer and error', {}, ''],
    ['with both answers', { dns: ALIAS, http: REDIRECT }, ''],
    ['whose error has no code', { error: { reason: 'x' } }, ''],
    ['that names addresses and an alias', { dns: { ...ALIAS, a: ['192.0.2.1'] } }, '/dns/cname'],
    ['that names nothing', { dns: { ...ALIAS, cname: [] } }, '/dns'],
    ['without rcode', { dns: { ...ALIAS, rcode: undefined } }, '/dns/rcode'],
    ['without Location', { http: { ...REDIRECT, 'sc-(location)': undefined } }, '/http/sc-(location)'],
    [
      'whose Location would end the field',
      { http: { ...REDIRECT, 'sc-(location)': 'http://a\r\n' } },
      '/http/sc-(location)',
    ],
    ['that does not redirect', { http: { ...REDIRECT, 'sc-status': 200 } }, '/http/sc-status'],
  ])('%s is refused with 500 at the place', (_, body, pointer) => {
    expect(readRedirectionResponse(body)).toMatchObject({ kind: 'refused', refusal: { code: 500, pointer } })
  })

  it.each<[string, object, object, string]>([
    [
      'a bare list as scope',
      { scope: ['192.0.2.0/24'] },
      { scope: [parsePrefix('192.0.2.0/24')] },
      'ri-value-repaired',
    ],
    [
      'a broken range',
      { scope: { iprange: ['192.0.2/33', '::/0'] } },
      { scope: [parsePrefix('::/0')] },
      'ri-key-ignored',
    ],
    ['a scope of another shape', { scope: 'all' }, { scope: [] }, 'ri-key-ignored'],
    [
      'an error beside the answer',
      { error: { 'error-code': 504 } },
      { outcome: 'redirected' },
      'ri-error-beside-answer',
    ],
    ['a broken path', { 'cdn-path': 'AS1:0' }, { outcome: 'redirected' }, 'ri-key-ignored'],
  ])('with %s is read with a diagnostic', (_, slip, value, code) => {
    expect(readRedirectionResponse({ dns: ALIAS, ...slip })).toMatchObject({ value, diagnostics: [{ code }] })
  })

  it('loses only the addresses that are of the other kind', () => {
    const dns = { rcode: 0, name: 'a.example', a: ['192.0.2.1', '::1'], aaaa: ['::ffff:192.0.2.2'] }
    const reading = readRedirectionResponse({ dns })
    expect(reading).toMatchObject({
      value: { answer: { to: { a: [parseAddress('192.0.2.1')], aaaa: [] }, ttlSeconds: 0 } },
    })
    expect(reading.diagnostics.map(({ pointer }) => pointer)).toEqual(['/dns/a/1', '/dns/aaaa/0'])
  })
})
