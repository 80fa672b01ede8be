import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressOfNode, parseForwarded } from '../../src/broker/http/forwarded.ts'
import { type OriginRules, originOf, type RequestOrigin } from '../../src/broker/http/request-origin.ts'
import { type Prefix, parseAddress, parsePrefix } from '../../src/fci/prefix.ts'
import { defined } from '../support/defined.ts'
import { FrontApi } from './front-api.ts'

const TRUSTED: readonly Prefix[] = ['10.0.0.0/8', '2001:db8:ffff::/48'].map((text) => defined(parsePrefix(text)))
const FORWARDED: OriginRules = { trustedProxies: TRUSTED, clientField: 'forwarded' }
const CONVENTIONAL: OriginRules = { trustedProxies: TRUSTED, clientField: 'x-forwarded-for' }

function origin(
  rules: OriginRules,
  peer: string | undefined,
  headers: Readonly<Record<string, string>>,
): RequestOrigin {
  return originOf({ peer, header: (name) => headers[name] }, rules)
}

describe('the client of a request', () => {
  it.each([
    ['is the peer', '198.51.100.1', '', '198.51.100.1'],
    ['is a peer that is no proxy, whatever it says', '198.51.100.1', '203.0.113.9', '198.51.100.1'],
    ['is whom a trusted proxy names', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['is whom a proxy on a mapped address names', '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['is whom a proxy with a zone names', '2001:db8:ffff::1%eth0', '203.0.113.9', '203.0.113.9'],
    ['is the first beyond all trusted ones', '10.0.0.1', '192.0.2.1, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['is a trusted one when nobody stands beyond', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['is the proxy that names nobody', '10.0.0.1', '', '10.0.0.1'],
    ['is the last known hop before an unknown one', '10.0.0.1', '203.0.113.9, unknown, 10.0.0.2', '10.0.0.2'],
    ['has no port', '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
    ['has no brackets', '10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['may be bare IPv6', '10.0.0.1', '2001:db8::1', '2001:db8::1'],
    ['is not what looks like an address', '10.0.0.1', '999.1.1.1', '10.0.0.1'],
  ])('by X-Forwarded-For %s', (_, peer, field, client) => {
    expect(origin(CONVENTIONAL, peer, field === '' ? {} : { 'x-forwarded-for': field }).client).toBe(client)
  })

  it.each([
    ['a plain address', 'for=203.0.113.9', '203.0.113.9'],
    ['any case and further parameters', 'proto=https;FOR=203.0.113.9;by=_gate', '203.0.113.9'],
    ['quoted IPv6 with a port', 'for="[2001:db8::1]:4711"', '2001:db8::1'],
    ['quoted pairs', String.raw`for="203\.0.113.9"`, '203.0.113.9'],
    ['a comma inside quotes', 'for=192.0.2.1;host="a,b", for=203.0.113.9', '203.0.113.9'],
    ['empty elements', ', ,for=203.0.113.9,,', '203.0.113.9'],
    ['trusted hops on the way', 'for=203.0.113.9, for=10.0.0.2', '203.0.113.9'],
    ['an obfuscated port', 'for="203.0.113.9:_p"', '203.0.113.9'],
    ['nobody: an obfuscated identifier', 'for=_secret', '10.0.0.1'],
    ['nobody: unknown', 'for=unknown', '10.0.0.1'],
    ['nobody: an element without for', 'proto=https', '10.0.0.1'],
    ['nobody: a quote left open', 'for="203.0.113.9', '10.0.0.1'],
    ['nobody: a parameter twice', 'for=203.0.113.9;for=203.0.113.8', '10.0.0.1'],
    ['nobody: blanks around the sign', 'for = 203.0.113.9', '10.0.0.1'],
  ])('by Forwarded is read from %s', (_, field, client) => {
    expect(origin(FORWARDED, '10.0.0.1', { forwarded: field }).client).toBe(client)
  })

  it('is never taken from the field that the proxies do not write', () => {
    expect(origin(FORWARDED, '10.0.0.1', { 'x-forwarded-for': '203.0.113.9' }).client).toBe('10.0.0.1')
    expect(origin(CONVENTIONAL, '10.0.0.1', { forwarded: 'for=203.0.113.9' }).client).toBe('10.0.0.1')
  })
})

describe('scheme and host of a request', () => {
  it.each([
    ['its own', CONVENTIONAL, '198.51.100.1', { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'b' }, 'http', 'a'],
    ['a proxy’s', CONVENTIONAL, '10.0.0.1', { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'b' }, 'https', 'b'],
    ['of the hop', CONVENTIONAL, '10.0.0.1', { 'x-forwarded-proto': 'https, http' }, 'http', 'a'],
    ['Forwarded’s', FORWARDED, '10.0.0.1', { forwarded: 'for=192.0.2.1;proto=HTTPS;host="b:8443"' }, 'https', 'b:8443'],
    ['no odd scheme', FORWARDED, '10.0.0.1', { forwarded: 'for=192.0.2.1;proto=javascript' }, 'http', 'a'],
  ] as const)('are %s', (_, rules, peer, headers, scheme, host) => {
    expect(origin(rules, peer, { host: 'a', ...headers })).toMatchObject({ scheme, host })
  })
})

describe('any text', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .array(fc.constantFrom('for=', '"', '\\', ',', ';', '10.0.0.9', '203.0.113.9', '[', ']', ':', '1', '_', ' ', 'x'))
      .map((parts) => parts.join('')),
  )

  it('in either field gives an address or the proxy itself, and never throws', () => {
    fc.assert(
      fc.property(anything, fc.constantFrom(FORWARDED, CONVENTIONAL), (field, rules) => {
        const { client } = origin(rules, '10.0.0.1', { [rules.clientField]: field })
        expect(parseAddress(client ?? '')).toBeDefined()
      }),
    )
  })

  it('before the last hop cannot change who the client is', () => {
    fc.assert(
      fc.property(anything, (field) => {
        const headers = { 'x-forwarded-for': `${field}, 203.0.113.9` }
        expect(origin(CONVENTIONAL, '10.0.0.1', headers).client).toBe('203.0.113.9')
      }),
    )
  })

  it('before the last hop of Forwarded can at most hide the client, not invent one', () => {
    fc.assert(
      fc.property(anything, (field) => {
        const { client } = origin(FORWARDED, '10.0.0.1', { forwarded: `${field},for=203.0.113.9` })
        expect(['203.0.113.9', '10.0.0.1']).toContain(client)
      }),
    )
  })

  it('that is a node names the address inside it', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6())
    const port = fc.option(fc.integer({ min: 0, max: 65_535 }), { nil: undefined })
    fc.assert(
      fc.property(address, port, (text, number) => {
        const node = `${text.includes(':') ? `[${text}]` : text}${number === undefined ? '' : `:${number}`}`
        expect(addressOfNode(node)).toBe(text)
        expect(parseForwarded(`by=x;for="${node}"`)?.[0]?.get('for')).toBe(node)
      }),
    )
  })
})

describe('GET /route behind a proxy', () => {
  it('asks for the client that the proxy names, and says on what the answer depends', async () => {
    const api = new FrontApi({ origin: CONVENTIONAL })
    const answer = await api.send('GET', '/route', { peer: '10.0.0.1', headers: { 'x-forwarded-for': '203.0.113.1' } })
    expect(api.routes.questions).toEqual([{ client: '203.0.113.1' }])
    expect(answer.headers.get('vary')).toContain('X-Forwarded-For')
  })

  it('asks for the client that the caller names, if any', async () => {
    const api = new FrontApi({ origin: CONVENTIONAL })
    await api.send('GET', '/route?client=192.0.2.7', {
      peer: '10.0.0.1',
      headers: { 'x-forwarded-for': '203.0.113.1' },
    })
    expect(api.routes.questions).toEqual([{ client: '192.0.2.7' }])
  })
})
