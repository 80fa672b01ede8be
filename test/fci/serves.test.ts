import { describe, expect, test } from 'vitest'
import type { EffectiveCapabilities } from '../../src/fci/effective-capabilities.ts'
import type { ServiceRequirement } from '../../src/fci/serves.ts'
import { serves, whatIsMissing } from '../../src/fci/serves.ts'

const WEB: EffectiveCapabilities = {
  deliveryProtocols: ['https/1.1'],
  acquisitionProtocols: [],
  redirectionModes: ['HTTP-I'],
  metadataTypes: ['MI.LocationACL', 'MI.Cache'],
  privateFeatures: [{ oid: 'ACME', type: 'Hammer.v2' }],
  capacityLimits: [],
  redirectTargets: [],
}
const RELAY: EffectiveCapabilities = {
  ...WEB,
  moq: { drafts: ['moqt-16'], transports: ['webtransport'], roles: ['subscribe'], fallbackKinds: [] },
}

describe('what a requirement misses', () => {
  test.each<[ServiceRequirement, string | undefined]>([
    [{}, undefined],
    [{ deliveryProtocols: ['http/1.1', 'https/1.1'] }, undefined],
    [{ deliveryProtocols: ['moqt'] }, undefined],
    [{ deliveryProtocols: ['http/1.1', 'http/3'] }, 'any delivery protocol of http/1.1, http/3'],
    [{ moqDrafts: ['moqt-18', 'moqt-16'] }, undefined],
    [{ moqDrafts: ['moqt-18'] }, 'the MoQ draft moqt-18'],
    [{ transports: ['quic', 'websocket'] }, 'any transport of quic, websocket'],
    [{ roles: ['subscribe'] }, undefined],
    [{ roles: ['subscribe', 'publish'] }, 'the role publish'],
    [{ fallbackKinds: ['moqt'] }, 'origin fallback to moqt'],
    [{ redirectionModes: ['DNS-I', 'HTTP-I'] }, undefined],
    [{ redirectionModes: ['DNS-I'] }, 'the redirection mode DNS-I'],
    [{ metadataTypes: ['mi.locationacl'] }, undefined],
    [{ metadataTypes: ['MI.Cache', 'MI.UriSigning'] }, 'metadata MI.UriSigning'],
    [{ metadataTypes: ['MI.PrivateFeature.ACME.Hammer.v2'] }, undefined],
    [{ metadataTypes: ['MI.PrivateFeature.acme.Hammer.v2'] }, 'metadata MI.PrivateFeature.acme.Hammer.v2'],
    [{ privateFeatures: [{ oid: 'ACME', type: 'Hammer.v2' }] }, undefined],
    [{ privateFeatures: [{ oid: 'ACME', type: 'Saw' }] }, 'the private feature ACME Saw'],
  ])('%j: %s', (requirement, missing) => {
    expect(whatIsMissing(RELAY, requirement)).toBe(missing)
    expect(serves(RELAY, requirement)).toBe(missing === undefined)
  })

  test('is not what a relay does not tell, but what its empty lists deny', () => {
    const requirement = { moqDrafts: ['moqt-16'], transports: ['quic'], roles: ['publish'], fallbackKinds: ['moqt'] }
    expect(whatIsMissing({ ...WEB, moq: {} }, requirement)).toBeUndefined()
    expect(whatIsMissing({ ...WEB, moq: { drafts: [] } }, requirement)).toBe('the MoQ draft moqt-16')
    expect(whatIsMissing({ ...WEB, moq: { fallbackKinds: [] } }, requirement)).toBe('origin fallback to moqt')
  })

  test('is MoQ itself where it is demanded as protocol and nothing says it', () => {
    expect(whatIsMissing(WEB, { deliveryProtocols: ['moqt'] })).toBe('the delivery protocol moqt')
  })
})
