import { describe, expect, it } from 'vitest'
import { federationWorld } from '../support/federation-world.ts'
import { type Call, FrontApi, problemIn } from './front-api.ts'
import type { OpenApiDocument } from './openapi-check.ts'

type Least = 'none' | 'reader' | 'operator' | 'admin'

interface Row {
  readonly method: string
  readonly path: string
  readonly least: Least
  readonly call?: Call
  /** Status for who may. */
  readonly status: number
}

const ROWS: readonly Row[] = [
  { method: 'POST', path: '/moq/scopes', least: 'operator', status: 201 },
  { method: 'GET', path: '/moq/scopes', least: 'reader', status: 200 },
  { method: 'GET', path: '/moq/scopes/scope-0001', least: 'reader', status: 200 },
  { method: 'PATCH', path: '/moq/scopes/scope-0001', least: 'operator', call: { json: { name: 'new' } }, status: 200 },
  { method: 'DELETE', path: '/moq/scopes/scope-0001', least: 'operator', status: 204 },
  {
    method: 'POST',
    path: '/moq/scopes/scope-0001/failover',
    least: 'operator',
    call: { json: { reason: 'why' } },
    status: 200,
  },
  { method: 'GET', path: '/moq/scopes/scope-0001/credentials', least: 'reader', status: 200 },
  { method: 'GET', path: '/moq/scopes/scope-0001/events', least: 'reader', status: 200 },
  { method: 'GET', path: '/operations/operation-0002', least: 'reader', status: 200 },
  { method: 'GET', path: '/providers', least: 'reader', status: 200 },
  { method: 'GET', path: '/providers/alpha', least: 'reader', status: 200 },
  {
    method: 'PUT',
    path: '/providers/alpha/state',
    least: 'operator',
    call: { json: { state: 'drained', reason: 'why' } },
    status: 200,
  },
  { method: 'GET', path: '/geo', least: 'reader', status: 200 },
  { method: 'GET', path: '/providers/alpha/advertisement', least: 'reader', status: 200 },
  { method: 'GET', path: '/providers/alpha/advertisement/history', least: 'reader', status: 200 },
  { method: 'POST', path: '/providers/alpha/advertisement/confirm', least: 'operator', status: 200 },
  {
    method: 'PUT',
    path: '/fci/notifications/alpha/right',
    least: 'none',
    call: { body: '[]', headers: { 'content-type': 'application/cdni' } },
    status: 204,
  },
  { method: 'GET', path: '/route?client=192.0.2.7', least: 'reader', status: 200 },
  // The streams are closed there, or the answer would never end.
  { method: 'GET', path: '/route/stream?client=192.0.2.7', least: 'reader', status: 429 },
  {
    method: 'POST',
    path: '/route',
    least: 'reader',
    call: { json: { questions: [{ client: '192.0.2.7' }] } },
    status: 200,
  },
  { method: 'GET', path: '/.well-known/jwks.json', least: 'none', status: 200 },
  { method: 'POST', path: '/measurements', least: 'operator', call: { json: {} }, status: 200 },
  { method: 'GET', path: '/policy', least: 'operator', status: 200 },
  { method: 'PUT', path: '/policy', least: 'operator', call: { json: { document: { version: 1 } } }, status: 200 },
  { method: 'POST', path: '/policy/lint', least: 'operator', call: { json: { document: null } }, status: 200 },
  { method: 'POST', path: '/policy/dry-run', least: 'operator', call: { json: { document: {} } }, status: 200 },
  { method: 'POST', path: '/policy/rollout', least: 'operator', call: { json: { share: 0.5 } }, status: 200 },
  { method: 'POST', path: '/policy/rollback', least: 'operator', call: { json: {} }, status: 200 },
  { method: 'GET', path: '/coverage', least: 'reader', status: 200 },
  { method: 'GET', path: '/coverage/map', least: 'reader', status: 200 },
  {
    method: 'POST',
    path: '/drills',
    least: 'operator',
    call: { json: { provider: 'alpha', method: 'drain' } },
    status: 202,
  },
  { method: 'GET', path: '/drills', least: 'reader', status: 200 },
  { method: 'GET', path: '/drills/drill-0', least: 'reader', status: 200 },
  { method: 'POST', path: '/drills/drill-0/abort', least: 'operator', call: { json: { reason: 'why' } }, status: 200 },
  { method: 'POST', path: '/keys', least: 'admin', call: { json: { name: 'ci', role: 'reader' } }, status: 201 },
  { method: 'GET', path: '/keys', least: 'admin', status: 200 },
  { method: 'DELETE', path: '/keys/key0', least: 'admin', status: 204 },
  {
    method: 'GET',
    path: '/r/known/x',
    least: 'none',
    status: 302,
    call: { peer: '192.0.2.7', headers: { host: 'a.example' } },
  },
  {
    method: 'GET',
    path: '/steering/known/hls.json',
    least: 'none',
    status: 200,
    call: { peer: '192.0.2.7', headers: { host: 'a.example' } },
  },
  ...['/fci/advertisement', '/OC/FCI/advertisement', '/OC/bootstrap/bootstrap', '/alto/directory', '/alto/cdni'].map(
    (path) => ({ method: 'GET', path, least: 'reader', status: 200 }) as const,
  ),
  { method: 'GET', path: '/fci/advertisement/changes?since=x', least: 'reader', status: 410 },
  // No stream may be open there, or the answer would never end.
  { method: 'GET', path: '/fci/advertisement/stream', least: 'reader', status: 429 },
  {
    method: 'POST',
    path: '/alto/updates',
    least: 'reader',
    call: { json: { add: { a: { 'resource-id': 'cdni-advertisement' } } } },
    status: 429,
  },
  {
    method: 'POST',
    path: '/alto/cdni/filtered',
    least: 'reader',
    call: { json: { 'cdni-capabilities': [] } },
    status: 200,
  },
  { method: 'GET', path: '/federation/peers', least: 'reader', status: 200 },
  { method: 'GET', path: '/fci/footprints', least: 'reader', status: 200 },
  { method: 'GET', path: '/fci/footprints/net', least: 'reader', status: 404 },
  { method: 'GET', path: '/fci/footprints/net/home', least: 'reader', status: 404 },
  { method: 'PUT', path: '/fci/footprints/net', least: 'operator', call: { json: {} }, status: 201 },
  { method: 'DELETE', path: '/fci/footprints/net', least: 'operator', status: 404 },
  {
    method: 'PUT',
    path: '/fci/footprints/net/home',
    least: 'operator',
    call: { json: { 'footprint-def': { 'footprint-type': 'countrycode', 'footprint-value': ['de'] } } },
    status: 404,
  },
  { method: 'DELETE', path: '/fci/footprints/net/home', least: 'operator', status: 404 },
  // Only peers have subscriptions.
  {
    method: 'POST',
    path: '/OC/FCI/subscription',
    least: 'reader',
    call: { json: { notificationTarget: 'https://up.example/' } },
    status: 403,
  },
  { method: 'GET', path: '/OC/FCI/subscription/alpha', least: 'reader', status: 403 },
  { method: 'DELETE', path: '/OC/FCI/subscription/alpha', least: 'reader', status: 403 },
  { method: 'GET', path: '/healthz', least: 'none', status: 200 },
  { method: 'GET', path: '/readyz', least: 'none', status: 200 },
  { method: 'GET', path: '/metrics', least: 'reader', status: 200 },
  { method: 'GET', path: '/openapi.json', least: 'none', status: 200 },
]

const RANKS: readonly Least[] = ['none', 'reader', 'operator', 'admin']

/** An API that holds one scope, and a drill and a key unless the row makes its own. */
async function apiFor(row: Row): Promise<FrontApi> {
  const isPublished = /^\/(OC|alto|federation|fci\/(advertisement|footprints))\b/.test(row.path)
  const api = new FrontApi(isPublished ? { federation: (await federationWorld({ maxStreams: 0 })).service } : {})
  await api.send('POST', '/moq/scopes')
  if (row.path.startsWith('/route/stream')) api.streams.close()
  if (row.path.startsWith('/drills/')) await api.drills.start({ provider: 'alpha', method: 'drain' }, 'somebody')
  if (row.path.startsWith('/keys/')) await api.keys.create({ name: 'to revoke', role: 'reader' })
  return api
}

describe.each(ROWS)('$method $path ($least)', (row) => {
  it.each(RANKS)('answers a caller with the role "%s" as its role allows', async (role) => {
    const api = await apiFor(row)
    const before = api.scopes.accepted.length
    const answer = await api.send(row.method, row.path, { ...row.call, key: role === 'none' ? null : `mqb_${role}` })
    if (RANKS.indexOf(role) >= RANKS.indexOf(row.least)) {
      expect(answer.status).toBe(row.status)
      return
    }
    expect(problemIn(answer)).toMatchObject(
      role === 'none' ? { status: 401, kind: 'unauthenticated' } : { status: 403, kind: 'forbidden' },
    )
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="moq-broker"/)
    expect(api.scopes.accepted).toHaveLength(before)
  })
})

it('has a row for every documented operation', async () => {
  const document: OpenApiDocument = await new FrontApi().document()
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const tested = ROWS.map((row) => {
    const path = row.path.split('?')[0] ?? ''
    const template = path
      .replace('/r/known/x', '/r/{scope}/{path}')
      .replace('/steering/known/hls.json', '/steering/{scope}/{manifest}')
      .replace(/\/(scope-0001|operation-0002|alpha|drill-0|key0)/, '/{id}')
      .replace('/fci/footprints/net', '/fci/footprints/{namespace}')
      .replace('{namespace}/home', '{namespace}/{name}')
      .replace('/right', '/{secret}')
    return `${row.method} ${template}`
  })
  expect(tested.sort()).toEqual(documented.sort())
})

describe('API keys', () => {
  it('are taken from X-API-Key too', async () => {
    const answer = await new FrontApi().send('GET', '/providers', { key: null, headers: { 'x-api-key': 'mqb_reader' } })
    expect(answer.status).toBe(200)
  })

  it('count from Authorization when both are there', async () => {
    const headers = { authorization: 'Bearer wrong', 'x-api-key': 'mqb_admin' }
    expect((await new FrontApi().send('GET', '/keys', { key: null, headers })).status).toBe(401)
  })

  it.each(['Basic mqb_reader', 'Bearer', 'mqb_reader', 'Bearer mqb_reader extra', 'Bearer mqb_/rea/der', ''])(
    'are refused in the form "%s"',
    async (authorization) => {
      const answer = await new FrontApi().send('GET', '/providers', { key: null, headers: { authorization } })
      expect(problemIn(answer)).toMatchObject({ status: 401, kind: 'unauthenticated' })
    },
  )

  it('give the same answer whether unknown, wrong or malformed', async () => {
    const bodies = ['mqb_unknown0_x', 'mqb_reader_wrong', 'not a key at all', 'mqb_'].map(async (key) => {
      const answer = await new FrontApi().send('GET', '/providers', { key: null, headers: { 'x-api-key': key } })
      return [answer.text, answer.headers.get('www-authenticate')]
    })
    expect(new Set((await Promise.all(bodies)).map((body) => JSON.stringify(body))).size).toBe(1)
  })

  it('are matched case-insensitively in the scheme only', async () => {
    const headers = { authorization: 'bearer mqb_reader' }
    expect((await new FrontApi().send('GET', '/providers', { key: null, headers })).status).toBe(200)
  })
})

it('serves metrics without a key when told so', async () => {
  const answer = await new FrontApi({ metricsPublic: true }).send('GET', '/metrics', { key: null })
  expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([
    200,
    'up 1\n',
    'text/plain; version=0.0.4',
  ])
})
