import { describe, expect, it } from 'vitest'
import type { RedirectTarget } from '../../../src/fci/effective-capabilities.ts'
import { answerOf, type FallbackTarget } from '../../../src/routing/dns/client-answer.ts'

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
