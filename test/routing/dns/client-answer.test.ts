import { describe, expect, it } from 'vitest'
import type { RedirectTarget } from '../../../src/fci/effective-capabilities.ts'
import { answerOf, answerOfPlan, drawAnswer, type FallbackTarget } from '../../../src/routing/dns/client-answer.ts'

const NAME = 'x.cdn.example'
const target = (host: string, ...redirectingHosts: string[]): RedirectTarget => ({
  redirectingHosts,
  dnsTarget: { host },
})
const candidate = (addresses: readonly string[], ...redirectTargets: RedirectTarget[]) => ({
  addresses,
  redirectTargets,
})

function answer(
  candidates: readonly ReturnType<typeof candidate>[],
  fallback?: FallbackTarget,
): ReturnType<typeof answerOf> {
  return answerOf({ candidates, ttlSeconds: 30, sameForBits: 20 }, NAME, fallback)
}

describe('answerOf', () => {
  it('takes the addresses of the first candidate, before its host', () => {
    expect(answer([candidate(['192.0.2.1'], target('a.example')), candidate(['192.0.2.2'])])).toEqual({
      kind: 'addresses',
      addresses: ['192.0.2.1'],
      ttlSeconds: 30,
      sameForBits: 20,
    })
  })

  it.each([
    ['a.example', { kind: 'alias', host: 'a.example' }],
    ['a.example:8443', { kind: 'alias', host: 'a.example' }],
    ['a.example.', { kind: 'alias', host: 'a.example' }],
    ['192.0.2.1', { kind: 'addresses', addresses: ['192.0.2.1'] }],
    ['192.0.2.1:53', { kind: 'addresses', addresses: ['192.0.2.1'] }],
    ['2001:db8::1', { kind: 'addresses', addresses: ['2001:db8::1'] }],
    ['[2001:db8::1]', { kind: 'addresses', addresses: ['2001:db8::1'] }],
    ['[2001:db8::1]:443', { kind: 'addresses', addresses: ['2001:db8::1'] }],
    ['not a host', { kind: 'nobody' }],
    [`${'x'.repeat(64)}.example`, { kind: 'nobody' }],
    ['', { kind: 'nobody' }],
  ])('makes of the target %j', (host, expected) => {
    expect(answer([candidate([], target(host))])).toMatchObject(expected)
  })

  it('takes the first target that holds for the name (RFC 8804 2.3)', () => {
    const targets = [target('other.example', 'y.cdn.example'), target('mine.example', NAME), target('all.example')]
    expect(answer([candidate([], ...targets)])).toMatchObject({ host: 'mine.example' })
    expect(answer([candidate([], target('other.example', 'y.cdn.example'))])).toMatchObject({ kind: 'nobody' })
  })

  it('passes over a candidate without a DNS target: one for HTTP is none', () => {
    const http: RedirectTarget = {
      redirectingHosts: [],
      httpTarget: { host: 'http.example', includeRedirectingHost: false },
    }
    expect(answer([candidate([], http), candidate([], target('b.example'))])).toMatchObject({ host: 'b.example' })
  })

  it('falls back where nobody has a target', () => {
    expect(answer([], { addresses: ['192.0.2.9'] })).toMatchObject({ addresses: ['192.0.2.9'] })
    expect(answer([], { host: 'origin.example', addresses: [] })).toMatchObject({ host: 'origin.example' })
    expect(answer([], { addresses: [] })).toEqual({ kind: 'nobody', sameForBits: 20 })
    expect(answer([])).toEqual({ kind: 'nobody', sameForBits: 20 })
  })
})

describe('answerOfPlan', () => {
  const of = (provider: string, host: string | undefined, weight = 100) => ({
    provider,
    weight,
    addresses: [],
    redirectTargets: host === undefined ? [] : [target(host)],
  })
  const plan = (candidates: readonly ReturnType<typeof of>[], ...tiers: number[]) =>
    answerOfPlan({ candidates, ttlSeconds: 30, sameForBits: 12 }, tiers, NAME, {
      host: 'fallback.example',
      addresses: [],
    })

  it('is drawn among those of the first tier with a DNS target, in one order', () => {
    const expected = {
      kind: 'drawn',
      among: [
        { provider: 'a', weight: 30, target: { kind: 'alias', host: 'a.example', ttlSeconds: 30 } },
        { provider: 'c', weight: 70, target: { kind: 'alias', host: 'c.example', ttlSeconds: 30 } },
      ],
      sameForBits: 12,
    }
    const [a, c, none] = [of('a', 'a.example', 30), of('c', 'c.example', 70), of('b', undefined)]
    expect(plan([a, none, c, of('d', 'd.example')], 3, 1)).toEqual(expected)
    expect(plan([none, c, a, of('d', 'd.example')], 1, 2, 1)).toEqual(expected)
  })

  it('holds for all of the plan where one alone has a DNS target, or nobody', () => {
    expect(plan([of('b', undefined), of('a', 'a.example'), of('c', 'c.example')], 2, 1)).toEqual({
      kind: 'alias',
      host: 'a.example',
      ttlSeconds: 30,
      sameForBits: 12,
    })
    expect(plan([of('a', undefined), of('b', undefined)], 2)).toMatchObject({
      host: 'fallback.example',
      sameForBits: 12,
    })
  })

  it('draws by weight, the same for all of a network', () => {
    const drawn = plan([of('a', 'a.example', 30), of('c', 'c.example', 70)], 2)
    if (drawn.kind !== 'drawn') throw new Error('it is drawn')
    const hostOf = (value: number): string => {
      const answered = drawAnswer(drawn.among, { version: 4, value: BigInt(value) })
      return answered?.kind === 'alias' ? answered.host : ''
    }
    const hosts = Array.from({ length: 2_000 }, (_, network) => hostOf(network * 256))
    expect(hosts.filter((host) => host === 'c.example').length / hosts.length).toBeCloseTo(0.7, 1)
    hosts.forEach((host, network) => expect(hostOf(network * 256 + 255)).toBe(host))
  })
})
