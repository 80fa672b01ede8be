import { expect, it } from 'vitest'
import { FrontApi, problemIn } from './front-api.ts'

const ADMIN = { key: 'mqb_admin' }

it('tells a new key once, not to be stored, and never again', async () => {
  const api = new FrontApi()
  const created = await api.send('POST', '/keys', { ...ADMIN, json: { name: 'ci', role: 'operator' } })
  expect(created.json).toEqual({
    key_id: 'key0',
    name: 'ci',
    role: 'operator',
    created_at: '2026-11-21T00:00:00.000Z',
    key: 'mqb_key0_secret',
  })
  expect(created.headers.get('cache-control')).toBe('no-store')
  const listed = await api.send('GET', '/keys', ADMIN)
  expect(listed.json).toEqual({
    keys: [{ key_id: 'key0', name: 'ci', role: 'operator', created_at: '2026-11-21T00:00:00.000Z' }],
  })
})

it('revokes a key, and answers 404 the second time', async () => {
  const api = new FrontApi()
  await api.send('POST', '/keys', { ...ADMIN, json: { name: 'ci', role: 'reader' } })
  expect((await api.send('DELETE', '/keys/key0', ADMIN)).status).toBe(204)
  expect((await api.send('DELETE', '/keys/key0', ADMIN)).status).toBe(404)
})

it.each([
  ['/role', { name: 'ci', role: 'root' }],
  ['/name', { role: 'reader' }],
  ['/key', { name: 'ci', role: 'reader', key: 'mine' }],
])('refuses with 400 and the pointer %s: %j', async (pointer, json) => {
  const answer = await new FrontApi().send('POST', '/keys', { ...ADMIN, json })
  expect(problemIn(answer)).toEqual({ status: 400, kind: 'invalid-request', places: [pointer] })
})
