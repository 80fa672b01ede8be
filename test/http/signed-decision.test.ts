import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createDecisionSigner } from '../../src/broker/routing/decision-signer.ts'
import { FrontApi } from './front-api.ts'

const KeySet: z.ZodType<JSONWebKeySet> = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })

async function verified(api: FrontApi, jws: string): Promise<unknown> {
  const keys = KeySet.parse((await api.send('GET', '/.well-known/jwks.json', { key: null })).json)
  const { payload, protectedHeader } = await compactVerify(jws, createLocalJWKSet(keys))
  expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'moq-broker-decision' })
  return JSON.parse(new TextDecoder().decode(payload))
}

test('a decision is signed on request, and a standard client verifies it with the published key', async () => {
  const api = new FrontApi()
  const answer = await api.send('GET', '/route?client=192.0.2.7&scope=known&sign=true')
  const claims = await verified(api, z.string().parse(answer.json['signed']))
  const issued = Math.floor(api.now / 1000)
  expect(claims).toMatchObject({
    iss: 'moq-broker',
    iat: issued,
    exp: issued + 30,
    client: '192.0.2.7',
    candidates: [{ provider: 'alpha', because: ['the longest match'] }, { provider: 'beta' }],
    rejected: [{ provider: 'gamma', rule: 'drained' }],
    policy: 'config',
    versions: { geo: [], health: [] },
    advertisements: [{ provider: 'alpha', version: 'abc' }],
  })
  expect(answer.text).toContain('subscribe-token')
  expect(JSON.stringify(claims)).not.toContain('token')
})

test('nothing is signed unasked, and a changed signature or another key is not accepted', async () => {
  const api = new FrontApi()
  expect((await api.send('GET', '/route?client=192.0.2.7')).json).not.toHaveProperty('signed')
  const jws = z.string().parse((await api.send('GET', '/route?client=192.0.2.7&sign=true')).json['signed'])
  const [head = '', payload = '', signature = ''] = jws.split('.')
  const other = Buffer.from(payload, 'base64url').toString().replace('alpha', 'gamma')
  const forged = [head, Buffer.from(other).toString('base64url'), signature].join('.')
  await expect(verified(api, forged)).rejects.toThrow('signature verification failed')
  const foreign = await createDecisionSigner(new Uint8Array(32).fill(8)).sign({ iss: 'moq-broker' })
  await expect(verified(api, foreign)).rejects.toThrow()
})

test('equal seeds make equal keys, so that replicas sign alike', async () => {
  const seed = new Uint8Array(32).fill(9)
  expect(await createDecisionSigner(seed).keys()).toEqual(await createDecisionSigner(seed).keys())
})
