import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RedirectTarget } from '../../src/fci/effective-capabilities.ts'
import {
  dnsTargetFor,
  type HttpTarget,
  httpTargetFor,
  isHost,
  redirectLocation,
} from '../../src/routing/redirect-target.ts'

function to(host: string, ...redirectingHosts: readonly string[]): RedirectTarget {
  return { redirectingHosts, httpTarget: { host, includeRedirectingHost: false }, dnsTarget: { host } }
}

function nothing(...redirectingHosts: readonly string[]): RedirectTarget {
  return { redirectingHosts }
}

describe('the target for a host', () => {
  it.each([
    ['is absent without targets', [], 'a', undefined],
    ['is the one for all hosts', [to('x')], 'a', 'x'],
    ['is the first of several', [to('x'), to('y')], 'a', 'x'],
    ['is one that names the host, before one for all', [to('x'), to('y', 'a')], 'a', 'y'],
    ['is not one that names another host', [to('y', 'b')], 'a', undefined],
    ['is found in any case and with any port', [to('y', 'a.example')], 'A.Example:8443', 'y'],
    ['is not found at another port than the named one', [to('y', 'a:1')], 'a:2', undefined],
    ['is taken back by a later empty object', [to('x'), nothing()], 'a', undefined],
    ['is given anew after that', [to('x'), nothing(), to('z')], 'a', 'z'],
    ['is taken back for one host alone', [to('x'), nothing('a')], 'a', undefined],
    ['stays for the others', [to('x'), nothing('a')], 'b', 'x'],
  ])('%s', (_, targets, host, expected) => {
    expect(httpTargetFor(targets, host)?.target.host).toBe(expected)
    expect(dnsTargetFor(targets, host)?.target.host).toBe(expected)
  })

  it.each([
    ['host', { host: 'evil@x', includeRedirectingHost: false }],
    ['host', { host: 'x/y', includeRedirectingHost: false }],
    ['host', { host: 'x\r\nSet-Cookie: a', includeRedirectingHost: false }],
    ['path prefix', { host: 'x', pathPrefix: 'a/', includeRedirectingHost: false }],
    ['path prefix', { host: 'x', pathPrefix: '/a', includeRedirectingHost: false }],
    ['path prefix', { host: 'x', pathPrefix: '/a?b/', includeRedirectingHost: false }],
    ['path prefix', { host: 'x', pathPrefix: '/a\n/', includeRedirectingHost: false }],
  ])('is no target when its %s could not stand in a URL: %j', (_, httpTarget) => {
    expect(httpTargetFor([{ redirectingHosts: [], httpTarget }], 'a')).toBeUndefined()
  })
})

describe('Location', () => {
  const request = { scheme: 'http', host: 'a.service123.ucdn.example.com', pathAndQuery: '/vod/1/movie.mp4' } as const
  const bare = { host: 'us-east1.dcdn.example.com', includeRedirectingHost: true }
  const withoutScheme: HttpTarget = { ...bare, pathPrefix: '/cache/1/' }
  const withoutPrefix: HttpTarget = { ...bare, scheme: 'https' }
  const full: HttpTarget = { ...withoutScheme, scheme: 'https' }

  it.each<[string, HttpTarget, string]>([
    [
      'is the example of RFC 8804 2.5.1',
      full,
      'https://us-east1.dcdn.example.com/cache/1/a.service123.ucdn.example.com/vod/1/movie.mp4',
    ],
    [
      'has the scheme of the request without one',
      withoutScheme,
      'http://us-east1.dcdn.example.com/cache/1/a.service123.ucdn.example.com/vod/1/movie.mp4',
    ],
    [
      'begins with the redirecting host without a prefix',
      withoutPrefix,
      'https://us-east1.dcdn.example.com/a.service123.ucdn.example.com/vod/1/movie.mp4',
    ],
    [
      'has no redirecting host unless asked',
      { ...full, includeRedirectingHost: false },
      'https://us-east1.dcdn.example.com/cache/1/vod/1/movie.mp4',
    ],
    [
      'is the original path behind the host otherwise',
      { host: 'd:8080', includeRedirectingHost: false },
      'http://d:8080/vod/1/movie.mp4',
    ],
  ])('%s', (_, target, location) => {
    expect(redirectLocation({ target }, request)).toBe(location)
  })

  it('names the redirecting host as it was advertised', () => {
    const chosen = { target: { host: 'd', includeRedirectingHost: true }, redirectingHost: 'a.example' }
    expect(redirectLocation(chosen, { ...request, host: 'A.example:80' })).toBe('http://d/a.example/vod/1/movie.mp4')
  })

  it('keeps every byte of path and query, and leads to no other host', () => {
    const visible = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) })
    fc.assert(
      fc.property(visible, fc.boolean(), (rest, includeRedirectingHost) => {
        const target = { host: 'd.example', scheme: 'https', pathPrefix: '/p/', includeRedirectingHost } as const
        const location = redirectLocation({ target }, { ...request, pathAndQuery: `/${rest}` })
        expect(location.endsWith(`/${rest}`)).toBe(true)
        expect(new URL(location).host).toBe('d.example')
      }),
    )
  })
})

describe('isHost', () => {
  it.each(['a', 'a.example', 'a.example:8080', '192.0.2.1', '[2001:db8::1]:80'])('takes %s', (text) => {
    expect(isHost(text)).toBe(true)
  })

  it.each(['', 'a b', 'a/b', 'a@b', 'a:b', 'a?b', 'a#b', 'a\\b', '[::1', 'a\r\nb', 'ä', 'a,b'])(
    'refuses %j',
    (text) => {
      expect(isHost(text)).toBe(false)
    },
  )
})
