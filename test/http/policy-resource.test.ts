import { expect, test } from 'vitest'
import { FrontApi, problemIn } from './front-api.ts'

test('the policy is shown with its entity tag, its trial and its history', async () => {
  const answer = await new FrontApi().send('GET', '/policy')
  expect(answer.headers.get('etag')).toBe('"3"')
  expect(answer.json).toMatchObject({
    revision: 'r2',
    candidate: { revision: 'r3', share: 0.25 },
    earlier: ['config', 'r1'],
    events: [{ action: 'rollout', revision: 'r3', at: '2023-11-14T22:13:20.000Z', by: 'ops', reason: 'why' }],
    file: {
      path: '/etc/policy.yaml',
      revision: 'config-0123456789ab',
      in_use: false,
      refused: { because: 'there is no such key at /x', findings: [{ code: 'no-weight' }] },
    },
  })
})

test('a change carries who makes it, why, and for which version', async () => {
  const api = new FrontApi()
  const headers = { 'if-match': '"3"' }
  const json = { document: { version: 1 }, reason: 'cheaper' }
  expect((await api.send('PUT', '/policy', { json, headers })).status).toBe(200)
  expect(api.policies.changes).toEqual([{ by: expect.any(String), reason: 'cheaper', expected: 3 }])
  const late = await api.send('POST', '/policy/rollback', { json: {}, headers: { 'if-match': '"2"' } })
  expect(problemIn(late)).toMatchObject({ status: 412, kind: 'revision-mismatch' })
})

test('a document with errors is refused with pointers', async () => {
  const answer = await new FrontApi().send('PUT', '/policy', { json: { document: { bad: 1 } } })
  expect(problemIn(answer)).toMatchObject({ status: 400, places: ['/document/bad'] })
})

test('lint says whether a document would be taken', async () => {
  const api = new FrontApi()
  expect((await api.send('POST', '/policy/lint', { json: { document: null } })).json).toMatchObject({ valid: false })
  expect((await api.send('POST', '/policy/lint', { json: { document: {} } })).json).toMatchObject({ valid: true })
})
