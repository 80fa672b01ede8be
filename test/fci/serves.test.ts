import { describe, expect, test } from 'vitest'
import type { EffectiveCapabilities } from '../../src/fci/effective-capabilities.ts'
import type { ServiceRequirement } from '../../src/fci/serves.ts'
import { serves, whatIsMissing } from '../../src/fci/serves.ts'

const OFFER: EffectiveCapabilities = {
  deliveryProtocols: ['https/1.1'],
  acquisitionProtocols: [],
  redirectionModes: ['HTTP-I'],
  metadataTypes: ['MI.LocationACL', 'MI.Cache'],
  privateFeatures: [{ oid: 'ACME', type: 'Hammer.v2' }],
  capacityLimits: [],
  redirectTargets: [],
  moq: { drafts: ['moqt-16'], transports: ['webtransport'], roles: ['subscribe'], fallbackKinds: [] },
}
const { moq: _, ...NO_MOQ } = OFFER

describe('what a requirement misses', () => {
  test.each<[ServiceRequirement, string | undefined]>([
    [{}, undefined],
    [{ protocols: ['HTTPS/1.1'] }, undefined],
    [{ protocols: ['http/1.1', 'moqt'] }, undefined],
    [{ protocols: ['http/1.1', 'http/3'] }, 'does not deliver by http/1.1 or http/3'],
    [{ protocols: [] }, 'does not deliver by anything that is allowed'],
    [{ moq: {} }, undefined],
    [{ moq: { drafts: ['moqt-18', 'moqt-16'] } }, undefined],
    [{ moq: { drafts: ['moqt-18'] } }, 'does not speak moqt-18'],
    [{ moq: { transports: ['quic', 'websocket'] } }, 'does not speak MoQ over quic or websocket'],
    [{ moq: { roles: ['subscribe'] } }, undefined],
    [{ moq: { roles: ['subscribe', 'publish'] } }, 'does not let clients publish'],
    [{ moq: { fallbackKind: 'moqt' } }, 'does not take moqt URLs as origin fallback'],
    [{ redirectionModes: ['DNS-I', 'HTTP-I'] }, undefined],
    [{ redirectionModes: ['DNS-I'] }, 'does not redirect by DNS-I'],
    [{ metadataTypes: ['mi.locationacl'] }, undefined],
    [{ metadataTypes: ['MI.Cache', 'MI.UriSigning'] }, 'does not enforce MI.UriSigning'],
    [{ metadataTypes: ['MI.PrivateFeature.ACME.Hammer.v2'] }, undefined],
    [{ metadataTypes: ['MI.PrivateFeature.acme.Hammer.v2'] }, 'does not enforce MI.PrivateFeature.acme.Hammer.v2'],
    [{ privateFeatures: [{ oid: 'ACME', type: 'Hammer.v2' }] }, undefined],
    [{ privateFeatures: [{ oid: 'ACME', type: 'Saw' }] }, 'does not have the private feature Saw of ACME'],
  ])('%j: %s', (requirement, missing) => {
    expect(whatIsMissing(OFFER, requirement)).toBe(missing)
    expect(serves(OFFER, requirement)).toBe(missing === undefined)
  })

  test.each<[ServiceRequirement, string]>([
    [{ moq: { drafts: ['moqt-16'] } }, 'does not say which MoQ drafts it speaks'],
    [{ moq: { transports: ['quic'] } }, 'does not say over which transports it speaks MoQ'],
    [{ moq: { roles: ['publish'] } }, 'does not say that it lets clients publish'],
    [{ moq: { fallbackKind: 'moqt' } }, 'does not take moqt URLs as origin fallback'],
  ])('is %j where the relay lists nothing: what is not said meets no demand', (requirement, missing) => {
    expect(whatIsMissing({ ...OFFER, moq: {} }, requirement)).toBe(missing)
  })

  test('is MoQ itself where nothing says it', () => {
    expect(whatIsMissing(NO_MOQ, { moq: {} })).toBe('does not say that it serves MoQ')
    expect(whatIsMissing(NO_MOQ, { protocols: ['moqt'] })).toBe('does not deliver by moqt')
  })
})
