import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joinConnectUrl, websocketUrl } from '../../src/moq/connect-url.ts'
import { MoqError } from '../../src/moq/moq-error.ts'

const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
  fc.constant('localhost'),
)
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined })
const safeSegment = fc.stringMatching(/^[A-Za-z0-9\-._~!$&'()*+,;=:@]{1,40}$/).filter((text) => !/^\.{1,2}$/.test(text))
const authority = fc.tuple(host, port).map(([name, number]) => (number === undefined ? name : `${name}:${number}`))

function codeOf(act: () => unknown): string {
  try {
    act()
    return 'none'
  } catch (error) {
    return error instanceof MoqError ? error.code : String(error)
  }
}

describe('websocketUrl', () => {
  it.each([
    ['moqt://cdn.example/token', 'wss://cdn.example/token'],
    ['moqt://cdn.example:443/token', 'wss://cdn.example/token'],
    ['moqt://cdn.example:4443/a/token?x=1', 'wss://cdn.example:4443/a/token?x=1'],
    ['moqt://CDN.example:80/T', 'wss://cdn.example:80/T'],
    ['https://cdn.example/token', 'wss://cdn.example/token'],
    ['https://127.0.0.1:8443/token', 'wss://127.0.0.1:8443/token'],
    ['http://cdn.example/token', 'ws://cdn.example/token'],
    ['ws://cdn.example:80/token', 'ws://cdn.example/token'],
    ['wss://127.0.0.1/token', 'wss://127.0.0.1/token'],
    ['moqt://127.0.0.1:4443/token', 'ws://127.0.0.1:4443/token'],
    ['moqt://127.255.0.9/token', 'ws://127.255.0.9:443/token'],
    ['moqt://127.1/token', 'ws://127.0.0.1:443/token'],
    ['moqt://localhost:80/token', 'ws://localhost/token'],
    ['moqt://LOCALHOST/token', 'ws://localhost:443/token'],
    ['moqt://[::1]:9000/token', 'ws://[::1]:9000/token'],
    ['moqt://[0:0::1]/a%2Fb', 'ws://[::1]:443/a%2Fb'],
    ['MOQT://cdn.example', 'wss://cdn.example/'],
  ])('maps %s to %s', (connectUrl, expected) => {
    expect(websocketUrl(connectUrl).href).toBe(expected)
  })

  it.each([
    'moqt://localhost.example/t',
    'moqt://[::2]/t',
    'moqt://128.0.0.1/t',
    'moqt://127.0.0.1.example/t',
    'moqt://[::ffff:127.0.0.1]/t',
  ])('takes %s for a remote host', (connectUrl) => {
    expect(websocketUrl(connectUrl).protocol).toBe('wss:')
  })

  it.each([
    'ftp://h/secret',
    'h/secret',
    '',
    'moqt:secret',
    'moqt:///secret',
    'wss://',
    'https://h:99999/secret',
    'moqt://h/secret#f',
  ])('refuses %s as unsupported without repeating it', (connectUrl) => {
    expect(codeOf(() => websocketUrl(connectUrl))).toBe('unsupported')
    expect(() => websocketUrl(connectUrl)).toThrow(/^(?!.*secret).*$/)
  })

  it('keeps host, port and path of every URL and encrypts all but loopback', () => {
    fc.assert(
      fc.property(authority, fc.array(safeSegment, { maxLength: 3 }), (where, segments) => {
        const path = `/${segments.join('/')}`
        const mapped = websocketUrl(`moqt://${where}${path}`)
        const reference = new URL(`https://${where}${path}`)
        expect([mapped.hostname, mapped.pathname]).toEqual([reference.hostname, reference.pathname])
        const mappedPort = mapped.port || (mapped.protocol === 'wss:' ? '443' : '80')
        expect(mappedPort).toBe(reference.port || '443')
        const loopback = /^(localhost|\[::1\]|127\.[\d.]+)$/.test(reference.hostname)
        expect(mapped.protocol).toBe(loopback ? 'ws:' : 'wss:')
      }),
    )
  })

  it('either maps any text or refuses it as unsupported', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((rest) => `moqt://${rest}`),
        ),
        (text) => {
          expect(['none', 'unsupported']).toContain(codeOf(() => websocketUrl(text)))
        },
      ),
    )
  })
})

describe('joinConnectUrl', () => {
  it.each([
    ['moqt://cdn.example', 'abc', 'moqt://cdn.example/abc'],
    ['moqt://cdn.example/', 'abc', 'moqt://cdn.example/abc'],
    ['moqt://cdn.example/live//', 'a.b-c_d~e', 'moqt://cdn.example/live/a.b-c_d~e'],
    ['moqt://cdn.example', 'a%2Fb', 'moqt://cdn.example/a%2Fb'],
    ['moqt://cdn.example', '100%', 'moqt://cdn.example/100%25'],
    ['moqt://cdn.example', 'a b€', 'moqt://cdn.example/a%20b%E2%82%AC'],
    ['moqt://cdn.example', '😀', 'moqt://cdn.example/%F0%9F%98%80'],
    ['moqt://cdn.example', '...', 'moqt://cdn.example/...'],
  ])('joins %s and %s to %s', (url, token, expected) => {
    expect(joinConnectUrl(url, token)).toBe(expected)
  })

  it.each([
    ['moqt://h', ''],
    ['moqt://h', 'a/b'],
    ['moqt://h', 'a?b'],
    ['moqt://h', 'a#b'],
    ['moqt://h', '.'],
    ['moqt://h', '..'],
    ['moqt://h', '%2E.'],
    ['moqt://h?q=1', 'secret'],
    ['moqt://h/#f', 'secret'],
    ['moqt://', 'secret'],
    ['/path', 'secret'],
    ['', 'secret'],
  ])('refuses %s with the token "%s" as unsupported', (url, token) => {
    expect(codeOf(() => joinConnectUrl(url, token))).toBe('unsupported')
    expect(() => joinConnectUrl(url, token)).toThrow(/^(?!.*secret).*$/)
  })

  it('leaves URL-safe tokens as they are, after exactly one slash', () => {
    fc.assert(
      fc.property(authority, fc.stringMatching(/^\/{0,3}$/), safeSegment, (where, slashes, token) => {
        expect(joinConnectUrl(`moqt://${where}${slashes}`, token)).toBe(`moqt://${where}/${token}`)
      }),
    )
  })

  it('makes of any token without escapes a last path segment that decodes to it', () => {
    const token = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((text) => !/[/?#]|%[0-9a-f]{2}/i.test(text) && !/^\.{1,2}$/.test(text))
    fc.assert(
      fc.property(token, (text) => {
        const segment = websocketUrl(joinConnectUrl('moqt://cdn.example/base', text)).pathname.split('/')
        expect(segment).toHaveLength(3)
        expect(decodeURIComponent(segment[2] ?? '')).toBe(text)
      }),
    )
  })
})
