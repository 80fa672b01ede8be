import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Advertisement } from '../../src/fci/advertisement.ts'
import { veilProviderId } from '../../src/fci/cdn-path.ts'
import { GLOBAL } from '../../src/fci/footprint-algebra.ts'
import type { ClientFacts } from '../../src/fci/match-footprint.ts'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { parseAdvertisementText } from '../../src/fci/parse-advertisement.ts'
import { printAdvertisement } from '../../src/fci/print-advertisement.ts'
import type { Composition, CompositionRequest, Contributor } from '../../src/federation/compose-advertisement.ts'
import { composeAdvertisement } from '../../src/federation/compose-advertisement.ts'
import type { PeerContract } from '../../src/federation/peer-contract.ts'
import { anyAdvertisement, anyFootprint, closeClient } from '../support/fci-arbitraries.ts'
import { contributor, OPEN_CONTRACT } from './contributors.ts'

const OWN = 'AS64500:gateway'
const nameOf = (text: string): string => hash('sha256', text, 'base64url').slice(0, 22)

function compose(
  contributors: readonly Contributor[],
  contract: PeerContract = OPEN_CONTRACT,
  more: Partial<CompositionRequest> = {},
): Composition {
  return composeAdvertisement({ contributors, gateway: { pid: OWN }, contract, nameOf, ...more })
}

// Ids that can be found again in a text.
const anyContributor = (id: string, pid: string): fc.Arbitrary<Contributor> =>
  fc
    .tuple(
      anyAdvertisement,
      fc.constantFrom<'up' | 'down' | 'unknown'>('up', 'up', 'unknown', 'down'),
      fc.constantFrom<'enabled' | 'drained'>('enabled', 'enabled', 'enabled', 'drained'),
      fc.boolean(),
    )
    .map(([{ capabilities }, health, administrative, isGateway]) =>
      contributor(id, capabilities, {
        health: { state: health },
        administrative: { state: administrative },
        ...(isGateway ? { pid } : {}),
      }),
    )

const anyContributors = fc.tuple(
  anyContributor('child-alpha', 'AS64511:child-pid-alpha'),
  anyContributor('child-beta', 'AS64511:child-pid-beta'),
)

const anyContract: fc.Arbitrary<PeerContract> = fc.record({
  // Little is left of two random footprints, so often it is everywhere.
  footprint: fc.oneof(fc.constant(GLOBAL), anyFootprint),
  capabilityTypes: fc.constantFrom<PeerContract['capabilityTypes']>('understood', 'all', ['FCI.DeliveryProtocol']),
  allowResourceFootprints: fc.boolean(),
  passRedirectTargets: fc.boolean(),
  reserveShare: fc.constantFrom(0, 0.25),
  maxHops: fc.integer({ min: 1, max: 5 }),
  combination: fc.constantFrom<'and' | 'or'>('and', 'or'),
  expressions: fc.boolean(),
  paths: fc.constantFrom<'plain' | 'veiled'>('plain', 'veiled'),
})

function protocolsFor(capabilities: Advertisement['capabilities'], client: ClientFacts): ReadonlySet<string> {
  return new Set(
    capabilities
      .filter(
        ({ type, footprint }) => type === 'FCI.DeliveryProtocol' && matchFootprint(footprint, client) !== undefined,
      )
      .map(({ value }) => JSON.stringify(value)),
  )
}

describe('a composition, whatever is below and in the contract,', { timeout: 60_000 }, () => {
  it('serves nobody whom no CDN below serves, nor whom the contract does not speak of', () => {
    fc.assert(
      fc.property(
        anyContributors,
        anyContract,
        fc.array(closeClient, { minLength: 3, maxLength: 8 }),
        (contributors, contract, clients) => {
          const { advertisement } = compose(contributors, contract)
          // As the peer reads it.
          const read = parseAdvertisementText(JSON.stringify(printAdvertisement(advertisement)), {
            combination: contract.combination,
          })
          for (const client of clients) {
            const offered = new Set(
              contributors
                .filter(({ facts }) => facts.health.state !== 'down' && facts.administrative.state === 'enabled')
                .flatMap(({ facts }) => [...protocolsFor(facts.advertisement?.model.capabilities ?? [], client)]),
            )
            const told = protocolsFor(read.capabilities, client)
            for (const value of told) expect(offered).toContain(value)
            if (told.size > 0) expect(matchFootprint(contract.footprint, client)).toBeDefined()
          }
        },
      ),
    )
  })

  it('tells everything that a plain contract allows', () => {
    fc.assert(
      fc.property(anyAdvertisement, closeClient, ({ capabilities }, client) => {
        const known = capabilities
          .filter(({ maxHops = 9, cdnPath = [] }) => cdnPath.length < maxHops)
          .filter(({ type, value }) => type === 'FCI.DeliveryProtocol' && JSON.stringify(value).includes('/'))
        const { advertisement } = compose([contributor('a', known)])
        expect(protocolsFor(advertisement.capabilities, client)).toEqual(protocolsFor(known, client))
      }),
    )
  })

  it('is the same after it was printed and read', () => {
    fc.assert(
      fc.property(anyContributors, anyContract, (contributors, contract) => {
        const { advertisement } = compose(contributors, contract)
        expect(parseAdvertisementText(JSON.stringify(printAdvertisement(advertisement))).capabilities).toEqual(
          advertisement.capabilities,
        )
      }),
    )
  })

  it('is the same whenever and in whatever order of members it is made', () => {
    fc.assert(
      fc.property(anyContributors, anyContract, (contributors, contract) => {
        expect(compose(contributors, contract)).toEqual(compose(structuredClone(contributors), contract))
      }),
    )
  })

  it('names no CDN below, neither by our id nor, unless the contract shows it, by its own', () => {
    fc.assert(
      fc.property(anyContributors, anyContract, (contributors, contract) => {
        const text = JSON.stringify(printAdvertisement(compose(contributors, contract).advertisement))
        expect(text).not.toContain('child-alpha')
        if (contract.paths === 'veiled') expect(text).not.toMatch(/child-pid|AS6449[678]/)
      }),
    )
  })

  it('does not pass through its receiver', () => {
    fc.assert(
      fc.property(anyContributors, fc.constantFrom<'plain' | 'veiled'>('plain', 'veiled'), (contributors, paths) => {
        const receiver = 'AS64497:edge'
        const open: PeerContract = { ...OPEN_CONTRACT, capabilityTypes: 'all', paths }
        const { advertisement } = compose(contributors, open, { receiver })
        for (const { cdnPath = [], maxHops = 0 } of advertisement.capabilities) {
          expect(cdnPath.at(-1)).toBe(OWN)
          expect(cdnPath.length).toBeLessThanOrEqual(maxHops)
          expect([...cdnPath]).not.toContain(receiver)
          expect([...cdnPath]).not.toContain(veilProviderId(receiver))
        }
      }),
    )
  })
})
