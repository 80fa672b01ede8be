import { expect, it } from 'vitest'
import { FrontApi } from './front-api.ts'

it('logs method, route pattern, status, duration, key and request id, and nothing of the URL', async () => {
  const api = new FrontApi()
  api.providers.get = async () => {
    api.now += 12
    return undefined
  }
  await api.send('GET', '/providers/s3cr3t-id?token=s3cr3t', { headers: { 'x-request-id': 'caller.1' } })
  expect(api.logged).toEqual([
    {
      message: 'request',
      fields: {
        method: 'GET',
        route: '/providers/:id',
        status: 404,
        durationMs: 12,
        key: 'operator-id',
        requestId: 'caller.1',
      },
    },
  ])
  expect(api.observed).toEqual([{ method: 'GET', route: '/providers/:id', status: 404, durationMs: 12 }])
})

it('logs a path that nothing answers as unmatched, without a key', async () => {
  const api = new FrontApi()
  await api.send('GET', '/moqt-token-s3cr3t', { key: null })
  expect(api.observed).toEqual([{ method: 'GET', route: 'unmatched', status: 404, durationMs: 0 }])
  expect(JSON.stringify(api.logged)).not.toContain('s3cr3t')
})

it('logs refused callers and HEAD under the route that they asked for', async () => {
  const api = new FrontApi()
  await api.send('HEAD', '/route?client=192.0.2.7', { key: null })
  expect(api.observed).toEqual([{ method: 'HEAD', route: '/route', status: 401, durationMs: 0 }])
})

it.each(['ok-1', 'A.b_c-9', 'x'.repeat(128)])('takes the request id "%s" over', async (id) => {
  const answer = await new FrontApi().send('GET', '/healthz', { headers: { 'x-request-id': id } })
  expect(answer.headers.get('x-request-id')).toBe(id)
})

it.each(['', 'a b', 'a/b', 'x'.repeat(129), '"quoted"'])('makes its own request id instead of "%s"', async (id) => {
  const answer = await new FrontApi().send('GET', '/healthz', { headers: { 'x-request-id': id } })
  expect(answer.headers.get('x-request-id')).toBe('request-1')
})

it.each(['/healthz', '/providers', '/nothing', '/keys'])('forbids to store %s', async (path) => {
  expect((await new FrontApi().send('GET', path)).headers.get('cache-control')).toBe('no-store')
})

it.each(['/healthz', '/nothing', '/moq/scopes', '/openapi.json'])(
  'sets security headers on %s, success or not',
  async (path) => {
    const { headers } = await new FrontApi().send('GET', path, { key: null })
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
    })
  },
)
