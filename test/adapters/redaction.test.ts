import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRedactor, secretsOfUrl } from '../../src/adapters/redaction.ts'

const words = fc.string({ maxLength: 60 })
const base64url = fc.stringMatching(/^[A-Za-z0-9_-]{40,80}$/)

describe('createRedactor', () => {
  it('leaves plain words as they are', () => {
    const text = 'relay not found, name must not be empty; try origin_fallback_upstreams'
    expect(createRedactor(['sesame-sesame'])(text)).toBe(text)
  })

  it('removes every known secret, however it is surrounded', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 11, maxLength: 40 }), words, words, (secret, before, after) => {
        expect(createRedactor([secret])(`${before}${secret}${after}`)).not.toContain(secret)
      }),
    )
  })

  it('removes a known secret that was percent-encoded or written as JSON', () => {
    const redact = createRedactor(['s p"a/c e'])
    expect(redact('got s%20p%22a%2Fc%20e')).toBe('got [redacted]')
    expect(redact('got s p\\"a/c e')).toBe('got [redacted]')
  })

  it('removes long random strings, JWTs and urls that it does not know', () => {
    fc.assert(
      fc.property(base64url, words, (token, before) => {
        const redact = createRedactor([])
        expect(redact(`${before} ${token}`)).not.toContain(token)
        expect(redact(`${before} eyJ${token}.${token}.${token}`)).not.toContain(token)
        expect(redact(`${before} moqt://relay.example/${token.slice(0, 5)}!`)).not.toContain('relay.example')
      }),
    )
  })

  it('gives one line of at most 200 characters', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 1900, maxLength: 2200, size: 'max' })),
        (text) => {
          const clean = createRedactor([])(text)
          expect(clean.length).toBeLessThanOrEqual(200)
          expect(clean).not.toMatch(/\p{Cc}/u)
        },
      ),
    )
  })

  it('does not leak the first half of a secret that the input limit cuts', () => {
    const secret = 'tango-uniform'
    const text = `${'/'.repeat(1990)} ${secret}`
    expect(createRedactor([secret])(text)).not.toContain('tango')
  })
})

describe('secretsOfUrl', () => {
  it('names the url, its path segments and its query values', () => {
    expect(secretsOfUrl('https://relay.example/abcdefgh?jwt=12345678')).toEqual([
      'https://relay.example/abcdefgh?jwt=12345678',
      'relay.example',
      'abcdefgh',
      '12345678',
    ])
  })
})
