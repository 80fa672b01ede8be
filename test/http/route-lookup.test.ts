import { describe, expect, it } from 'vitest'
import { FrontApi, problemIn } from './front-api.ts'

const CANDIDATE = { matched: { type: 'ipv4cidr', value: '192.0.2.0/24', prefix_length: 24 }, priority: 1, weight: 100 }

describe('GET /route', () => {
  it('gives the ordered candidates, and nothing that was not asked for', async () => {
    const answer = await new FrontApi().send('GET', '/route?client=192.0.2.7', { key: 'mqb_reader' })
    expect(answer.json).toEqual({
      client: '192.0.2.7',
      candidates: [
        { provider: 'alpha', ...CANDIDATE },
        { provider: 'beta', ...CANDIDATE },
      ],
      ttl_seconds: 30,
      panic: false,
    })
    expect(answer.headers.get('cache-control')).toBe('private, max-age=30')
  })

  it('explains when asked', async () => {
    const answer = await new FrontApi().send('GET', '/route?client=192.0.2.7&explain=true')
    expect(answer.json).toMatchObject({
      candidates: [
        { because: ['the longest match'] },
        { behind: { provider: 'alpha', line: 'priority', because: 'priority 1 after 1' } },
      ],
      rejected: [{ provider: 'gamma', rule: 'drained', because: 'maintenance' }],
      advertisements: [{ provider: 'alpha', version: 'abc', age_seconds: 12, stale: false }],
    })
  })

  it('gives an operator every connect URL of the scope, not to be stored', async () => {
    const answer = await new FrontApi().send('GET', '/route?client=192.0.2.7&scope=known')
    expect(answer.json['candidates']).toMatchObject([
      { provider: 'alpha', connect_url: 'moqt://alpha.example/publish-token' },
      { provider: 'beta', connect_url: 'moqt://beta.example/subscribe-token' },
    ])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('gives a reader only URLs that cannot publish, and says what it withholds', async () => {
    const answer = await new FrontApi().send('GET', '/route?client=192.0.2.7&scope=known', { key: 'mqb_reader' })
    expect(answer.json['candidates']).toEqual([
      { provider: 'alpha', connect_url_withheld: expect.stringContaining('reader'), ...CANDIDATE },
      { provider: 'beta', connect_url: 'moqt://beta.example/subscribe-token', ...CANDIDATE },
    ])
    expect(answer.text).not.toContain('publish-token')
  })

  it('takes the connection’s peer when no client is named', async () => {
    const api = new FrontApi()
    await api.send('GET', '/route?session=abc', { peer: '198.51.100.9' })
    expect(api.routes.questions).toEqual([{ client: '198.51.100.9', session: 'abc' }])
  })

  it('does not take X-Forwarded-For for the client', async () => {
    const api = new FrontApi()
    await api.send('GET', '/route', { peer: '198.51.100.9', headers: { 'x-forwarded-for': '203.0.113.1' } })
    expect(api.routes.questions).toEqual([{ client: '198.51.100.9' }])
  })

  it.each([
    ['client', ''],
    ['client', '?client='],
    ['client', '?client=example.com'],
    ['client', `?client=${'1'.repeat(65)}`],
    ['scope', '?client=192.0.2.7&scope=a%2Fb'],
    ['scope', '?client=192.0.2.7&scope='],
    ['session', '?client=192.0.2.7&session='],
    ['session', `?client=192.0.2.7&session=${'x'.repeat(257)}`],
    ['explain', '?client=192.0.2.7&explain=yes'],
  ])('refuses with 400 and the parameter %s: %s', async (parameter, query) => {
    const answer = await new FrontApi().send('GET', `/route${query}`)
    expect(problemIn(answer)).toEqual({ status: 400, kind: 'invalid-request', places: [parameter] })
  })

  it('answers 404 for an unknown scope', async () => {
    expect((await new FrontApi().send('GET', '/route?client=192.0.2.7&scope=other')).status).toBe(404)
  })
})

describe('POST /route', () => {
  it('answers each question in its place, with a problem where it cannot', async () => {
    const questions = [
      { client: '192.0.2.7' },
      { client: 'nobody' },
      { client: '192.0.2.8', scope: 'other' },
      { client: '2001:db8::1', scope: 'known' },
    ]
    const answer = await new FrontApi().send('POST', '/route', { key: 'mqb_reader', json: { questions } })
    expect(answer.status).toBe(200)
    expect(answer.json['answers']).toMatchObject([
      { client: '192.0.2.7' },
      { type: 'urn:moq-broker:problem:invalid-request', status: 400, errors: [{ parameter: 'client' }] },
      { type: 'urn:moq-broker:problem:not-found', status: 404 },
      {
        client: '2001:db8::1',
        candidates: [{ connect_url_withheld: expect.any(String) }, { connect_url: expect.any(String) }],
      },
    ])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('explains all when asked', async () => {
    const answer = await new FrontApi().send('POST', '/route', {
      json: { questions: [{ client: '192.0.2.7' }], explain: true },
    })
    expect(answer.json['answers']).toMatchObject([{ rejected: [{ provider: 'gamma' }] }])
  })

  it('fails as a whole when the broker fails', async () => {
    const api = new FrontApi()
    api.routes.decide = async () => {
      throw new TypeError('broken')
    }
    const answer = await api.send('POST', '/route', { json: { questions: [{ client: '192.0.2.7' }] } })
    expect(problemIn(answer)).toMatchObject({ status: 500, kind: 'internal-error' })
  })

  it('takes 1000 questions, not 1001', async () => {
    const api = new FrontApi({ limits: { bodyBytes: 65_536, requestTimeoutMs: 5000, waitMs: 20 } })
    const ask = (count: number) =>
      api.send('POST', '/route', {
        json: { questions: Array.from({ length: count }, () => ({ client: '192.0.2.7' })) },
      })
    expect((await ask(1000)).status).toBe(200)
    expect(problemIn(await ask(1001))).toMatchObject({ status: 400, places: ['/questions'] })
  })

  it.each([
    ['/questions', {}],
    ['/questions', { questions: [] }],
    ['/questions/0/client', { questions: [{}] }],
    ['/questions/0/client', { questions: [{ client: 7 }] }],
    ['/questions/0/ip', { questions: [{ client: '192.0.2.7', ip: 1 }] }],
    ['/explain', { questions: [{ client: '192.0.2.7' }], explain: 'true' }],
  ])('refuses with 400 and the pointer %s: %j', async (pointer, json) => {
    expect(problemIn(await new FrontApi().send('POST', '/route', { json }))).toMatchObject({
      status: 400,
      places: [pointer],
    })
  })
})
