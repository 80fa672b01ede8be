import { describe, expect, it } from 'vitest'
import { ConfigError, checkConfig } from '../../src/broker/config/load-config.ts'
import { peerAuthentication, peersOf } from '../../src/broker/federation/peer.ts'

const SOURCES = {
  env: { T: 'cdn-token', UP: 'token-of-the-upstream-peer-1', OTHER: 'token-of-the-other-peer-0001', SHORT: 'short' },
  readFile: () => '',
}
const providers = [{ id: 'a', adapter: 'draft-http', options: { base_url: 'http://a', token: 'env:T' } }]
const PEER = { id: 'up', token: 'env:UP' }

function load(federation: object) {
  return checkConfig({ providers, federation: { provider_id: 'AS64500:0', ...federation } }, 'a test', SOURCES)
}

function issuesOf(federation: object): readonly string[] {
  try {
    load(federation)
  } catch (error) {
    if (error instanceof ConfigError) return error.issues.map(({ path }) => path)
    throw error
  }
  return []
}

describe('the section "federation"', () => {
  it('is optional, and then nothing is published', () => {
    expect(checkConfig({ providers }, 'a test', SOURCES).config.federation).toBeUndefined()
  })

  it('has a default for everything but our id', () => {
    expect(load({}).config.federation).toEqual({
      provider_id: 'AS64500:0',
      quiet_ms: 2000,
      max_age_seconds: 60,
      stale_while_revalidate_seconds: 60,
      stale_if_error_seconds: 86_400,
      history: 16,
      max_streams: 16,
      peers: [],
    })
  })

  it.each([
    ['an id of ours that is none', { provider_id: '64500:0' }, 'federation.provider_id'],
    ['an id of ours that we must not send', { provider_id: 'AS64500:a/b' }, 'federation.provider_id'],
    ['a peer twice', { peers: [PEER, { id: 'up', token: 'env:OTHER' }] }, 'federation.peers[1].id'],
    ['two peers with one token', { peers: [PEER, { ...PEER, id: 'b' }] }, 'federation.peers[1].token'],
    ['a token that can be guessed', { peers: [{ id: 'a', token: 'env:SHORT' }] }, 'federation.peers[0].token'],
    [
      'a token in the file',
      { peers: [{ id: 'a', token: 'a-token-that-is-in-the-file' }] },
      'federation.peers[0].token',
    ],
    [
      'a footprint that cannot be read',
      {
        peers: [
          { ...PEER, contract: { footprint: [{ 'footprint-type': 'countrycode', 'footprint-value': ['Germany'] }] } },
        ],
      },
      'federation.peers[0].contract.footprint[0].footprint-value[0]',
    ],
    [
      'an origin with a path',
      { peers: [{ ...PEER, notifications: { origins: ['https://up.example/fci'] } }] },
      'federation.peers[0].notifications.origins[0]',
    ],
  ])('refuses %s, and says where', (_, federation, place) => expect(issuesOf(federation)).toContain(place))

  it('makes peers with contracts that allow little by default', () => {
    const { config, secrets } = load({ peers: [{ ...PEER, pid: 'AS64510:0' }] })
    expect(config.federation && peersOf(config.federation, secrets.peers)).toEqual([
      {
        id: 'up',
        pid: 'AS64510:0',
        profiles: new Set(['http', 'svta', 'alto']),
        contract: {
          footprint: { kind: 'global' },
          capabilityTypes: 'understood',
          allowResourceFootprints: false,
          passRedirectTargets: false,
          reserveShare: 0,
          maxHops: 8,
          combination: 'and',
          expressions: false,
          paths: 'veiled',
        },
      },
    ])
  })

  it('knows peers by their tokens', () => {
    const { config, secrets } = load({ peers: [PEER, { id: 'other', token: 'env:OTHER' }] })
    const peerOf = peerAuthentication(config.federation ? peersOf(config.federation, secrets.peers) : [], secrets.peers)
    expect(['UP', 'OTHER', 'T'].map((name) => peerOf(Reflect.get(SOURCES.env, name))?.id)).toEqual([
      'up',
      'other',
      undefined,
    ])
  })
})
