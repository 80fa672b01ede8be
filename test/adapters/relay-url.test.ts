import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pathTokenSchema, relayUrlSchema } from '../../src/adapters/relay-url.ts'

describe('relayUrlSchema', () => {
  it.each([
    ['moqt://relay.example.com', 'moqt://relay.example.com'],
    ['https://relay.example.com:4443/edge', 'https://relay.example.com:4443/edge'],
    ['https://relay.example.com/', 'https://relay.example.com'],
    ['ws://127.0.0.1:9000', 'ws://127.0.0.1:9000'],
    ['wss://[::1]:9000/a/', 'wss://[::1]:9000/a'],
  ])('reads %s as %s', (sent, read) => {
    expect(relayUrlSchema.parse(sent)).toBe(read)
  })

  it.each([
    '',
    'relay.example.com',
    '/relay',
    'ftp://relay.example.com',
    'http://relay.example.com',
    'moqt://',
    'moqt:///path',
    'https://relay.example.com//',
    'https://relay.example.com/?a=b',
    'https://relay.example.com?',
    'https://relay.example.com#',
    'https://user:pw@relay.example.com',
    'https://relay.example.com/a b',
    'https://relay.example.com\\a',
    'https://bad host/',
  ])('refuses %j', (sent) => {
    expect(relayUrlSchema.safeParse(sent).success).toBe(false)
  })
})

describe('pathTokenSchema', () => {
  it('accepts only what stays one path segment when it is joined to a relay url', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 12 }), (token) => {
        if (!pathTokenSchema.safeParse(token).success) return
        for (const base of ['https://relay.example.com', 'moqt://relay.example.com']) {
          expect(new URL(`${base}/${token}`).href).toBe(`${base}/${token}`)
          expect(new URL(`${base}/${token}`).pathname.split('/')).toEqual(['', token])
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('accepts JWTs and base64url', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_.-]{3,200}$/), (token) => {
        expect(pathTokenSchema.safeParse(token).success).toBe(!/^\.+$/.test(token) || token.length > 2)
      }),
    )
  })

  it.each(['', 'a/b', 'a?b', 'a#b', 'a b', 'a\tb', 'a\nb', 'a\\b', 'é', '.', '..'])('refuses %j', (token) => {
    expect(pathTokenSchema.safeParse(token).success).toBe(false)
  })
})
