import { describe, expect, it } from 'vitest'
import { CookieJar } from '../../../src/routing/dns/cookie.ts'
import { DnsClient } from '../../../src/routing/dns/dns-client.ts'
import { sipHash24 } from '../../../src/routing/dns/siphash.ts'

function at(text: string): DnsClient {
  const client = new DnsClient()
  expect(client.setAddress(text)).toBe(true)
  return client
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const SECRET = hex('e5e973e5a6b2a43f48e7dc849e37bfcf')

describe('sipHash24', () => {
  // The first vectors of the reference implementation: key 00 01 .. 0f, data 00 01 .. of growing length.
  it.each([
    [0, '310e0edd47db6f72'],
    [1, 'fd67dc93c539f874'],
    [7, '37d1018bf50002ab'],
    [8, '6224939a79f5f593'],
    [15, 'e545be4961ca29a1'],
  ])('hashes %d bytes as the reference does', (length, hash) => {
    const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, index) => index)
    expect(Buffer.from(sipHash24(bytes(16), bytes(length))).toString('hex')).toBe(hash)
  })
})

describe('CookieJar', () => {
  const jar = new CookieJar(SECRET)
  const CLIENT = at('198.51.100.100')
  const MADE = 1_559_731_985

  it('bakes the cookie of RFC 9018 A.1', () => {
    const cookie = jar.bake(hex('2464c4abcf10c957'), CLIENT, MADE)
    expect(Buffer.from(cookie).toString('hex')).toBe('2464c4abcf10c957010000005cf79f111f8130c3eee29480')
  })

  it('knows its own for an hour, from the address that got it', () => {
    const cookie = jar.bake(hex('2464c4abcf10c957'), CLIENT, MADE)
    const standing = (from: string, age: number): string => jar.standing(cookie, at(from), MADE + age)
    expect(standing('198.51.100.100', 0)).toBe('proven')
    expect(standing('198.51.100.100', 3_600)).toBe('proven')
    expect(standing('198.51.100.100', 3_601)).toBe('unproven')
    expect(standing('198.51.100.100', -300)).toBe('proven')
    expect(standing('198.51.100.100', -301)).toBe('unproven')
    expect(standing('198.51.100.101', 0)).toBe('unproven')
  })

  it('knows nobody else`s, and no changed one', () => {
    const cookie = jar.bake(hex('2464c4abcf10c957'), CLIENT, MADE)
    for (let index = 0; index < cookie.length; index++) {
      const changed = Uint8Array.from(cookie)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(jar.standing(changed, CLIENT, MADE)).toBe('unproven')
    }
    expect(new CookieJar(hex('00'.repeat(16))).standing(cookie, CLIENT, MADE)).toBe('unproven')
    expect(jar.standing(hex('2464c4abcf10c957'), CLIENT, MADE)).toBe('unproven')
  })

  it('does so for IPv6 too', () => {
    const client = at('2001:db8:220:1:59de:d0f4:8769:82b8')
    const cookie = jar.bake(hex('22681ab97d52c298'), client, MADE)
    expect(jar.standing(cookie, client, MADE)).toBe('proven')
    expect(jar.standing(cookie, at('2001:db8:220:1:59de:d0f4:8769:82b9'), MADE)).toBe('unproven')
  })
})
