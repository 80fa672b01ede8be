import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRoutePlans, policyColumnId } from '../../src/broker/routing/route-plans.ts'
import type { Advertisement } from '../../src/fci/advertisement.ts'
import { versionOf } from '../../src/fci/advertisement-version.ts'
import { formatAddress } from '../../src/fci/prefix.ts'
import { compileCoverage } from '../../src/routing/coverage/compile-coverage.ts'
import type { CoverageMap } from '../../src/routing/coverage/coverage-map.ts'
import { drawDecision } from '../../src/routing/decide.ts'
import type { Decision, ProviderFacts } from '../../src/routing/decision.ts'
import { indexFootprints } from '../../src/routing/footprint-indexing.ts'
import { stackGeoTables } from '../../src/routing/geo-table.ts'
import { plainPolicy, type RoutingPolicy } from '../../src/routing/policy.ts'
import { anyCoverageGeo, clientAt } from '../support/coverage-world.ts'
import { anyFootprint, closeAddress } from '../support/fci-arbitraries.ts'

const advertisement: fc.Arbitrary<Advertisement> = fc.record({
  capabilities: fc.array(
    fc.record({
      type: fc.constant('FCI.DeliveryProtocol'),
      value: fc.constantFrom({ 'delivery-protocols': ['moqt'] }, { 'delivery-protocols': ['https/1.1'] }),
      footprint: anyFootprint,
    }),
    { maxLength: 4 },
  ),
  diagnostics: fc.constant([]),
})

function factsOf(models: readonly Advertisement[]): readonly ProviderFacts[] {
  return models.map((model, i) => ({
    id: `cdn-${i}`,
    administrative: { state: 'enabled' },
    health: { state: 'up' },
    priority: 1,
    weight: 100,
    advertisement: { model, version: versionOf(model), fetchedAt: 0, confirmedAt: 0, stale: false, expired: false },
  }))
}

const policyWith = (rules: RoutingPolicy['rules']): RoutingPolicy => ({
  ...plainPolicy({ ttlSeconds: 60, degradedTtlSeconds: 5, requireMoqCapability: true }),
  revision: 'r1',
  rules,
})

/** What of a decision anybody can see. */
function seen({ candidates, rejected, ttlSeconds }: Decision): unknown {
  const shown = candidates.map(({ provider, matched, because, weight }) => ({ provider, matched, because, weight }))
  return { shown, rejected, ttlSeconds }
}

describe('plans of a compiled map', () => {
  test('answer every client as plain reading does, reasons included', () => {
    fc.assert(
      fc.property(
        fc.array(advertisement, { minLength: 1, maxLength: 3 }),
        fc.array(fc.record({ footprint: anyFootprint, action: fc.constantFrom('allow', 'deny') }), { maxLength: 2 }),
        anyCoverageGeo,
        fc.array(closeAddress, { minLength: 1, maxLength: 8 }),
        (models, drafts, geo, addresses) => {
          const facts = factsOf(models)
          const policy = policyWith(drafts.map((rule, position) => ({ id: `rule-${position}`, ...rule, position })))
          const map = compileCoverage({
            columns: [
              ...models.map((model, i) => ({
                id: `cdn-${i}`,
                version: versionOf(model),
                footprints: indexFootprints(model).footprints,
              })),
              { id: policyColumnId('r1'), version: 'r1', footprints: drafts.map(({ footprint }) => footprint) },
            ],
            geo,
            geoVersion: '1',
          })
          const ask = (known: CoverageMap | undefined): readonly unknown[] => {
            const directory = { facts: () => facts, health: () => 'up' as const }
            const plans = createRoutePlans({ directory, current: () => ({ map: known }), now: () => 0 })
            return addresses.map((address) => {
              const client = { ...clientAt(address, geo), text: formatAddress(address) }
              const plan = plans.plan({ address, client: () => client, record: undefined, policy })
              return seen(drawDecision(plan, { client, facts: () => client, key: client.text, now: 0 }))
            })
          }
          expect(ask(map)).toEqual(ask(undefined))
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('a plan', () => {
  const model: Advertisement = {
    capabilities: [
      { type: 'FCI.DeliveryProtocol', value: { 'delivery-protocols': ['moqt'] }, footprint: { kind: 'global' } },
    ],
    diagnostics: [],
  }
  const map = compileCoverage({
    columns: [{ id: 'cdn-0', version: versionOf(model), footprints: indexFootprints(model).footprints }],
    geo: { general: stackGeoTables([]), sources: new Map() },
    geoVersion: '1',
  })
  const address = { version: 4, value: 1n } as const
  const client = { address, text: '0.0.0.1' }

  test('is kept while nothing changes, and made anew when facts do', () => {
    let facts = factsOf([model])
    const directory = { facts: () => facts, health: () => 'up' as const }
    const plans = createRoutePlans({ directory, current: () => ({ map }), now: () => 0 })
    const question = { address, client: () => client, record: undefined, policy: policyWith([]) }
    const first = plans.plan(question)
    expect(plans.plan({ ...question, address: { version: 4, value: 9n } })).toBe(first)
    expect(plans.plan({ ...question, policy: policyWith([]) })).not.toBe(first)
    const version = plans.version()
    facts = facts.map((one) => ({ ...one, health: { state: 'degraded' } }))
    expect(plans.plan(question)).not.toBe(first)
    expect(plans.version()).not.toBe(version)
  })

  test('is read plainly while the map is of an older advertisement', () => {
    const newer: Advertisement = { capabilities: [], diagnostics: [] }
    const directory = { facts: () => factsOf([newer]), health: () => 'up' as const }
    const plans = createRoutePlans({ directory, current: () => ({ map }), now: () => 0 })
    const plan = plans.plan({ address, client: () => client, record: undefined, policy: policyWith([]) })
    expect(plan.rejected.map(({ rule }) => rule)).toEqual(['no_moq_capability'])
  })
})

test('a plan that is read plainly is kept for its address for a second, and then follows the geo data', () => {
  const clock = { now: 0 }
  const model: Advertisement = {
    capabilities: [
      {
        type: 'FCI.DeliveryProtocol',
        value: { 'delivery-protocols': ['moqt'] },
        footprint: { kind: 'some', anyOf: [{ countries: ['de'] }] },
      },
    ],
    diagnostics: [],
  }
  const facts = factsOf([model])
  const directory = { facts: () => facts, health: () => 'up' as const }
  const plans = createRoutePlans({ directory, current: () => ({ map: undefined }), now: () => clock.now })
  const policy = policyWith([])
  const addressOf = (value: bigint) => ({ version: 4, value }) as const
  const serves = (value: bigint, country: string): boolean => {
    const address = addressOf(value)
    const client = { address, text: formatAddress(address), country }
    return plans.plan({ address, client: () => client, record: undefined, policy }).tiers.length > 0
  }
  expect([serves(1n, 'de'), serves(2n, 'fr')]).toEqual([true, false])
  clock.now = 999
  expect([serves(1n, 'fr'), serves(3n, 'fr')]).toEqual([true, false])
  clock.now = 1_000
  expect([serves(1n, 'fr'), serves(2n, 'de')]).toEqual([false, true])
})
