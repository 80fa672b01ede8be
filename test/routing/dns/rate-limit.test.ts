import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePrefix } from '../../../src/fci/prefix.ts'
import { DnsClient } from '../../../src/routing/dns/dns-client.ts'
import { RATE_CATEGORY, RateLimiter, type RateLimits } from '../../../src/routing/dns/rate-limit.ts'
import { defined } from '../../support/defined.ts'

const LIMITS: RateLimits = { responsesPerSecond: 10, slip: 2, leak: 0, v4Bits: 24, v6Bits: 56, exempt: [] }
const START = 1_800_000_000_000

function at(text: string): DnsClient {
  const client = new DnsClient()
  expect(client.setAddress(text)).toBe(true)
  return client
}

describe('the rate limiter', () => {
  it('lets a network have its answers of a second at once, and as many each second after', () => {
    const limiter = new RateLimiter(LIMITS, 1)
    const sent = (from: string, now: number): number =>
      Array.from({ length: 50 }, () => limiter.check(at(from), RATE_CATEGORY.ANSWER, now)).filter(
        (verdict) => verdict === 'send',
      ).length
    expect(sent('192.0.2.1', START)).toBe(10)
    expect(sent('192.0.2.255', START)).toBe(0)
    expect(sent('192.0.3.1', START)).toBe(10)
    expect(sent('192.0.2.1', START + 300)).toBe(3)
    expect(sent('192.0.2.1', START + 60_000)).toBe(10)
    expect(sent('2001:db8::1', START)).toBe(10)
    expect(sent('2001:db8:0:ff::1', START)).toBe(0)
    expect(sent('2001:db8:0:100::1', START)).toBe(10)
  })

  it('counts answers, negative answers and errors apart', () => {
    const limiter = new RateLimiter({ ...LIMITS, responsesPerSecond: 1 }, 1)
    const check = (category: 0 | 1 | 2): string => limiter.check(at('192.0.2.1'), category, START)
    expect([check(0), check(0), check(1), check(2)]).toEqual(['send', 'drop', 'send', 'send'])
  })

  it('cuts or lets through every so manieth beyond the bound', () => {
    const verdicts = (limits: Partial<RateLimits>): readonly string[] => {
      const limiter = new RateLimiter({ ...LIMITS, responsesPerSecond: 1, ...limits }, 1)
      return Array.from({ length: 7 }, () => limiter.check(at('192.0.2.1'), RATE_CATEGORY.ANSWER, START))
    }
    expect(verdicts({ slip: 3 })).toEqual(['send', 'drop', 'drop', 'truncate', 'drop', 'drop', 'truncate'])
    expect(verdicts({ slip: 1 })).toEqual(['send', ...Array.from({ length: 6 }, () => 'truncate')])
    expect(verdicts({ slip: 0 })).toEqual(['send', ...Array.from({ length: 6 }, () => 'drop')])
    expect(verdicts({ slip: 0, leak: 3 })).toEqual(['send', 'drop', 'drop', 'send', 'drop', 'drop', 'send'])
  })

  it('leaves exempt networks alone, and everybody where there is no bound', () => {
    const exempt = ['192.0.2.0/24', '2001:db8::/32'].map((text) => defined(parsePrefix(text)))
    const limiter = new RateLimiter({ ...LIMITS, responsesPerSecond: 1, exempt }, 1)
    const twice = (from: string): string => {
      limiter.check(at(from), RATE_CATEGORY.ANSWER, START)
      return limiter.check(at(from), RATE_CATEGORY.ANSWER, START)
    }
    expect([twice('192.0.2.1'), twice('2001:db8::1'), twice('192.0.3.1')]).toEqual(['send', 'send', 'drop'])
    const unbounded = new RateLimiter({ ...LIMITS, responsesPerSecond: 0 }, 1)
    expect(unbounded.check(at('192.0.2.1'), RATE_CATEGORY.ANSWER, START)).toBe('send')
  })

  it('never lets one network have more than its bound while others come and go', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 200 }), fc.integer(), (networks, seed) => {
        const limiter = new RateLimiter({ ...LIMITS, slip: 0 }, seed, 64)
        const sent = new Map<number, number>()
        for (const network of networks) {
          const verdict = limiter.check(at(`10.0.${network}.1`), RATE_CATEGORY.ANSWER, START)
          if (verdict === 'send') sent.set(network, (sent.get(network) ?? 0) + 1)
        }
        for (const count of sent.values()) expect(count).toBeLessThanOrEqual(10)
      }),
    )
  })

  it('does not lend time when the clock goes back', () => {
    const limiter = new RateLimiter({ ...LIMITS, responsesPerSecond: 1, slip: 0 }, 1)
    const check = (now: number): string => limiter.check(at('192.0.2.1'), RATE_CATEGORY.ANSWER, now)
    expect([check(START), check(START - 5_000), check(START - 4_500)]).toEqual(['send', 'drop', 'drop'])
  })
})
