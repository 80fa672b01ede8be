import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePolicy } from '../../../src/routing/policy-file/compile-policy.ts'
import { lintPolicy } from '../../../src/routing/policy-file/lint-policy.ts'
import type { PolicyDocument } from '../../../src/routing/policy-file/policy-document.ts'
import { POLICY } from '../../support/routing-facts.ts'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const surroundings = {
  providers: new Map([
    ['a', { weight: 100 }],
    ['b', { weight: 100 }],
  ]),
  now: NOW,
}

function findings(value: unknown): readonly string[] {
  return lintPolicy(value, surroundings).findings.map(({ severity, code, pointer }) => `${severity} ${code} ${pointer}`)
}

function compiled(value: unknown) {
  const { document, findings: found } = lintPolicy(value, surroundings)
  if (document === undefined) throw new Error(found.map(({ message }) => message).join('; '))
  return compilePolicy(document, POLICY, 'r1')
}

const country = (code: string) => [{ 'footprint-type': 'countrycode', 'footprint-value': [code] }]

describe('lint', () => {
  test.each<[string, unknown, readonly string[]]>([
    ['accepts an empty policy', { version: 1 }, []],
    ['refuses what is no policy', null, ['error shape ']],
    ['refuses another version', { version: 2 }, ['error shape /version']],
    ['refuses unknown keys', { version: 1, default: {} }, ['error shape /default']],
    [
      'refuses unknown providers, wherever they stand',
      {
        version: 1,
        defaults: { providers: { c: {} }, rules: [{ id: 'r', action: 'deny', footprints: [], providers: ['a', 'd'] }] },
        scopes: { s1: { providers: { 'e/f': {} } } },
      },
      [
        'error unknown-provider /defaults/providers/c',
        'error unknown-provider /defaults/rules/0/providers/1',
        'error unknown-provider /scopes/s1/providers/e~1f',
      ],
    ],
    [
      'refuses circles of profiles',
      { version: 1, profiles: { x: { extends: 'y' }, y: { extends: 'x' }, z: { extends: 'z' } } },
      [
        'error profile-cycle /profiles/x/extends',
        'error profile-cycle /profiles/y/extends',
        'error profile-cycle /profiles/z/extends',
      ],
    ],
    [
      'refuses unknown profiles and shows unused ones',
      { version: 1, profiles: { x: {} }, tenants: { t: { profile: 'y' } } },
      ['error unknown-profile /tenants/t/profile', 'warning unused-profile /profiles/x'],
    ],
    [
      'refuses footprints that it would have to repair',
      { version: 1, defaults: { rules: [{ id: 'r', action: 'deny', footprints: country('zzz') }] } },
      [
        'error country-invalid /defaults/rules/0/footprints/0/footprint-value/0',
        'error footprint-empty /defaults/rules/0/footprints',
      ],
    ],
    [
      'refuses two rules of one id and shows those that never decide',
      {
        version: 1,
        defaults: {
          rules: [
            { id: 'r', action: 'deny', footprints: [...country('us')] },
            { id: 'r', action: 'allow', footprints: country('us'), providers: ['a'] },
            { id: 's', action: 'allow', footprints: country('de'), providers: ['a'] },
            { id: 't', action: 'allow', footprints: country('de') },
          ],
        },
      },
      ['error duplicate-rule /defaults/rules/1/id', 'warning shadowed-rule /defaults/rules/1'],
    ],
    [
      'refuses to exclude everybody',
      { version: 1, defaults: { providers: { a: { excluded: 'x' }, b: { excluded: 'y' } } } },
      ['error all-excluded /defaults/providers'],
    ],
    [
      'shows weights that are zero everywhere and costs without prices',
      {
        version: 1,
        defaults: { balance: { by: 'cost' }, providers: { a: { weight: 0, price: 1 }, b: { weight: 0 } } },
      },
      ['warning no-weight /defaults/providers', 'warning no-price /defaults/balance/by'],
    ],
    [
      'shows overrides that have run out, and refuses them twice',
      {
        version: 1,
        overrides: [
          { id: 'o', reason: 'x', expires_at: '2026-11-27T11:59:59Z', set: {} },
          { id: 'o', reason: 'x', expires_at: '2026-11-27T14:00:00+01:00', set: {} },
        ],
      },
      ['warning override-expired /overrides/0', 'error duplicate-override /overrides/1/id'],
    ],
    [
      'refuses a volume that sheds beyond its end',
      { version: 1, defaults: { providers: { a: { volume: { period: 'day', soft_bytes: 2, hard_bytes: 1 } } } } },
      ['error volume /defaults/providers/a/volume/soft_bytes'],
    ],
  ])('%s', (_, value, expected) => {
    expect(findings(value)).toEqual(expected)
  })

  test('answers any JSON without a throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.record({ version: fc.constant(1), defaults: fc.jsonValue() })),
        (value) => {
          const { document, findings: found } = lintPolicy(value, surroundings)
          expect(document === undefined).toBe(found.some(({ severity }) => severity === 'error'))
        },
      ),
    )
  })
})

describe('a compiled policy', () => {
  const document: PolicyDocument = {
    version: 1,
    defaults: {
      ttl_seconds: 60,
      balance: { by: 'latency', within_ms: 5 },
      providers: { a: { priority: 1, price: 3 } },
      rules: [{ id: 'wide', action: 'deny', footprints: country('de') }],
    },
    profiles: {
      base: { stickiness: 'scope', ttl_seconds: 30 },
      live: { extends: 'base', ttl_seconds: 10, providers: { a: { weight: 7 } } },
    },
    tenants: {
      acme: { profile: 'live', needs: { moq_drafts: ['moqt-16'] }, providers: { a: { excluded: 'unpaid' } } },
    },
    scopes: {
      s1: {
        when_all_down: 'refuse',
        providers: { a: { excluded: '' } },
        rules: [{ id: 'own', action: 'allow', footprints: country('de'), providers: ['a'] }],
      },
    },
    overrides: [
      { id: 'o1', reason: 'incident', expires_at: '2026-11-27T13:00:00Z', tenant: 'acme', set: { ttl_seconds: 2 } },
    ],
  }
  const { of, footprints, nextExpiry } = compiled(document)
  const later = Date.parse('2026-11-27T13:00:00Z')

  test('has the defaults for whoever is not named', () => {
    const policy = of({ id: 's2', owner: 'other' }, NOW)
    expect(policy).toMatchObject({ revision: 'r1', ttlSeconds: 60, degradedTtlSeconds: 10, stickiness: 'session' })
    expect(policy.balance).toEqual({ by: 'latency', withinMs: 5, withinPercent: 20 })
    expect(policy.terms.get('a')).toEqual({ priority: 1, price: 3 })
    expect(of(undefined, NOW)).toBe(policy)
  })

  test('lays profiles, tenant and scope over one another', () => {
    const policy = of({ id: 's1', owner: 'acme' }, later)
    expect(policy).toMatchObject({ ttlSeconds: 10, stickiness: 'scope', whenAllDown: 'refuse' })
    expect(policy.needs).toEqual({ moqDrafts: ['moqt-16'] })
    expect(policy.terms.get('a')).toEqual({ priority: 1, price: 3, weight: 7 })
    expect(policy.rules.map(({ id, position }) => [id, position])).toEqual([
      ['own', 1],
      ['wide', 0],
    ])
    expect(footprints).toHaveLength(2)
    expect(of({ id: 's9', owner: 'acme' }, later).terms.get('a')?.excluded).toBe('unpaid')
  })

  test('obeys overrides until they run out', () => {
    expect(of({ id: 's9', owner: 'acme' }, later - 1).ttlSeconds).toBe(2)
    expect(of({ id: 's9', owner: 'acme' }, later).ttlSeconds).toBe(10)
    expect([nextExpiry(NOW), nextExpiry(later)]).toEqual([later, Number.POSITIVE_INFINITY])
  })
})
