import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Answer, FrontApi, problemIn, textOf } from './front-api.ts'
import { createAjv } from './openapi-check.ts'
import { STEERING_SCHEMA } from './steering-schema.ts'

const PEER = '192.0.2.7'

function ask(api: FrontApi, path: string, method = 'GET'): Promise<Answer> {
  return api.send(method, path, { key: null, peer: PEER, headers: { host: 'cdn.example' } })
}

/** What the player asks for next, with what it reports. */
function reload(answer: Answer, report: string): string {
  return `/steering/known/${textOf(answer.json['RELOAD-URI'])}${report}`
}

describe('a steering manifest', () => {
  it.each([
    ['hls', 'application/vnd.apple.steering-list'],
    ['dash', 'application/json'],
  ])('for %s is %s with the order of the decision', async (format, type) => {
    const api = new FrontApi()
    const answer = await ask(api, `/steering/demo/${format}.json`)
    expect(answer.json).toEqual({
      VERSION: 1,
      TTL: 30,
      'RELOAD-URI': expect.stringMatching(new RegExp(`^${format}\\.json\\?s=[\\w-]+\\.[\\w-]+$`)),
      'PATHWAY-PRIORITY': ['alpha', 'beta'],
    })
    expect(answer.headers.get('content-type')).toBe(type)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(api.routes.questions).toEqual([{ client: PEER, scope: 'known', session: 'new-session' }])
  })

  it('keeps a player’s session from one request to the next', async () => {
    const api = new FrontApi()
    const first = await ask(api, '/steering/known/hls.json?session=viewer-7')
    await ask(api, reload(first, '&_HLS_pathway=alpha&_HLS_throughput=5000000'))
    expect(api.routes.questions.map(({ session }) => session)).toEqual(['viewer-7', 'viewer-7'])
  })

  it('puts a pathway last that the player turned away from, until the penalty is over', async () => {
    const api = new FrontApi()
    const first = await ask(api, '/steering/known/hls.json')
    const second = await ask(api, reload(first, '&_HLS_pathway=beta'))
    expect(second.json['PATHWAY-PRIORITY']).toEqual(['beta', 'alpha'])
    api.now += 119_000
    const third = await ask(api, reload(second, '&_HLS_pathway=beta'))
    expect(third.json['PATHWAY-PRIORITY']).toEqual(['beta', 'alpha'])
    api.now += 2_000
    const fourth = await ask(api, reload(third, '&_HLS_pathway=beta'))
    expect(fourth.json['PATHWAY-PRIORITY']).toEqual(['alpha', 'beta'])
  })

  it('takes a penalty back when the player uses the pathway again', async () => {
    const api = new FrontApi()
    const first = await ask(api, '/steering/known/dash.json')
    const second = await ask(api, reload(first, '&_DASH_pathway=%22beta%22&_DASH_throughput=1000'))
    expect(second.json['PATHWAY-PRIORITY']).toEqual(['beta', 'alpha'])
    const third = await ask(api, reload(second, '&_DASH_pathway=%22beta,alpha%22&_DASH_throughput=1000,'))
    expect(third.json['PATHWAY-PRIORITY']).toEqual(['alpha', 'beta'])
  })

  it('does not take a player for one that fled because the order has just changed', async () => {
    const api = new FrontApi()
    const first = await ask(api, '/steering/known/hls.json')
    api.routes.candidates = ['beta', 'alpha']
    const second = await ask(api, reload(first, '&_HLS_pathway=alpha'))
    expect(second.json['PATHWAY-PRIORITY']).toEqual(['beta', 'alpha'])
    const third = await ask(api, reload(second, '&_HLS_pathway=beta'))
    expect(third.json['PATHWAY-PRIORITY']).toEqual(['beta', 'alpha'])
  })

  it('clones pathways for targets that are nothing but another host', async () => {
    const api = new FrontApi()
    api.routes.targets.set('beta', [
      { redirectingHosts: [], httpTarget: { host: 'b.example', includeRedirectingHost: false } },
    ])
    expect((await ask(api, '/steering/known/hls.json')).json['PATHWAY-CLONES']).toEqual([
      { 'BASE-ID': 'alpha', ID: 'beta', 'URI-REPLACEMENT': { HOST: 'b.example', PARAMS: {} } },
    ])
  })

  it('clones a pathway of another port for DASH alone, whose players replace it', async () => {
    const api = new FrontApi()
    const httpTarget = { host: 'b.example:8443', includeRedirectingHost: false }
    api.routes.targets.set('beta', [{ redirectingHosts: [], httpTarget }])
    expect(cloneIds((await ask(api, '/steering/known/dash.json')).json)).toEqual(['beta'])
    expect((await ask(api, '/steering/known/hls.json')).json['PATHWAY-CLONES']).toBeUndefined()
  })

  it.each([
    ['a path prefix', { host: 'b.example', pathPrefix: '/live/', includeRedirectingHost: false }],
    ['the host in its path', { host: 'b.example', includeRedirectingHost: true }],
  ])('clones no pathway for a target with %s', async (_, httpTarget) => {
    const api = new FrontApi()
    api.routes.targets.set('beta', [{ redirectingHosts: [], httpTarget }])
    expect((await ask(api, '/steering/known/hls.json')).json['PATHWAY-CLONES']).toBeUndefined()
  })

  it('says in full where it is to be asked for again where the configuration says how players reach it', async () => {
    const api = new FrontApi({}, [], 'https://broker.example/cdn/')
    const first = await ask(api, '/steering/demo/hls.json')
    const uri = textOf(first.json['RELOAD-URI'])
    expect(uri).toMatch(/^https:\/\/broker\.example\/cdn\/steering\/demo\/hls\.json\?s=[\w-]+\.[\w-]+$/)
    await ask(api, `${uri.slice('https://broker.example/cdn'.length)}&_HLS_pathway=beta`)
    expect(api.routes.questions.map(({ session }) => session)).toEqual(['new-session', 'new-session'])
  })

  it.each([
    ['hls', '_HLS_pathway=beta'],
    ['hls', '_HLS_pathway=%22beta%22'],
    ['hls', '_HLS_pathway="beta"&_HLS_throughput=1234567.5'],
    ['dash', '_DASH_pathway=beta'],
    ['dash', '_DASH_pathway=%22beta%22&_DASH_throughput=5140000'],
  ])('for %s takes a pathway with and without quotation marks: %s', async (format, report) => {
    const api = new FrontApi()
    const first = await ask(api, `/steering/known/${format}.json`)
    const second = await ask(api, reload(first, `&${report}`))
    expect(second.json['PATHWAY-PRIORITY']).toEqual(['beta', 'alpha'])
  })

  it('is always what the specification allows, and never clones what it does not name', async () => {
    const isManifest = createAjv().compile(STEERING_SCHEMA)
    const host = fc.constantFrom('b.example', 'b.example:8443', '192.0.2.9')
    const ids = fc.uniqueArray(fc.constantFrom('alpha', 'beta', 'c-1', 'd2'), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(
        ids,
        host,
        fc.constantFrom('hls', 'dash'),
        fc.boolean(),
        async (candidates, target, format, flees) => {
          const api = new FrontApi()
          api.routes.candidates = candidates
          const httpTarget = { host: target, includeRedirectingHost: false }
          for (const id of candidates) api.routes.targets.set(id, [{ redirectingHosts: [], httpTarget }])
          const first = await ask(api, `/steering/known/${format}.json`)
          const used = flees ? candidates.at(-1) : candidates[0]
          const second = await ask(api, reload(first, `&_${format.toUpperCase()}_pathway=${used}`))
          for (const { json } of [first, second]) {
            expect(isManifest(json), JSON.stringify(isManifest.errors)).toBe(true)
            expect(json['PATHWAY-PRIORITY']).toHaveLength(candidates.length)
            expect(candidates).toEqual(expect.arrayContaining(cloneIds(json)))
          }
        },
      ),
      { numRuns: 50 },
    )
    for (const bad of [
      { VERSION: 2, TTL: 30, 'PATHWAY-PRIORITY': ['a'] },
      { VERSION: 1, TTL: 0.5, 'PATHWAY-PRIORITY': ['a'] },
      { VERSION: 1, TTL: 30, 'PATHWAY-PRIORITY': [] },
      { VERSION: 1, TTL: 30, 'PATHWAY-PRIORITY': ['a', 'a'] },
      { VERSION: 1, TTL: 30, 'PATHWAY-PRIORITY': ['a b'] },
    ]) {
      expect(isManifest(bad)).toBe(false)
    }
  })

  it.each([
    ['404 for an unknown scope', 'GET', '/steering/other/hls.json', 404, 'not-found'],
    ['404 for what is no manifest', 'GET', '/steering/known/hls.xml', 404, 'not-found'],
    ['400 for no pathway', 'GET', '/steering/known/hls.json?_HLS_pathway=a%20b', 400, 'invalid-request'],
    ['400 for no throughput', 'GET', '/steering/known/hls.json?_HLS_throughput=fast', 400, 'invalid-request'],
    ['400 for no list', 'GET', '/steering/known/dash.json?_DASH_pathway=%22a,,b%22', 400, 'invalid-request'],
    ['405 for another method', 'POST', '/steering/known/hls.json', 405, 'method-not-allowed'],
  ])('is refused with %s, readable for players', async (_, method, path, status, kind) => {
    const answer = await ask(new FrontApi(), path, method)
    expect(problemIn(answer)).toMatchObject({ status, kind })
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  })

  it('is refused with 410 when steering of the scope has ended', async () => {
    const api = new FrontApi()
    api.ended.add('known')
    expect(problemIn(await ask(api, '/steering/demo/hls.json'))).toMatchObject({ status: 410, kind: 'steering-ended' })
  })

  it('is refused with 503 when nobody may serve', async () => {
    const api = new FrontApi()
    api.routes.candidates = []
    const answer = await ask(api, '/steering/known/hls.json')
    expect(problemIn(answer)).toMatchObject({ status: 503, kind: 'no-provider' })
    expect(answer.headers.get('retry-after')).toBe('30')
  })

  it('is refused with 429 to a player that asks too often, and to no other', async () => {
    const api = new FrontApi()
    api.now = 60_000 * 1000 + 15_000
    const first = await ask(api, '/steering/known/hls.json?session=greedy')
    const statuses: number[] = []
    for (let n = 0; n < 6; n += 1) statuses.push((await ask(api, reload(first, ''))).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
    const refused = await ask(api, reload(first, ''))
    expect(refused.headers.get('retry-after')).toBe('45')
    expect(refused.headers.get('access-control-allow-origin')).toBe('*')
    expect(refused.headers.get('access-control-expose-headers')).toBe('Retry-After')
    expect((await ask(api, '/steering/known/hls.json?session=other')).status).toBe(200)
    api.now += 45_000
    expect((await ask(api, reload(first, ''))).status).toBe(200)
  })
})

describe('the state of a player', () => {
  it('begins anew with a token that was changed anywhere, and never fails', async () => {
    const api = new FrontApi()
    const first = await ask(api, '/steering/known/hls.json?session=mine')
    const uri = textOf(first.json['RELOAD-URI'])
    const start = uri.indexOf('=') + 1
    const at = fc.nat({ max: uri.length - start - 1 })
    const other = fc.constantFrom(...'AZaz09-_.'.split(''))
    await fc.assert(
      fc.asyncProperty(at, other, async (position, character) => {
        const index = start + position
        const changed = `${uri.slice(0, index)}${character}${uri.slice(index + 1)}`
        api.routes.questions.splice(0)
        const answer = await ask(api, `/steering/known/${changed}&_HLS_pathway=beta`)
        const isOld = changed === uri
        expect(answer.status === 200 || (isOld && answer.status === 429)).toBe(true)
        if (!isOld) expect(api.routes.questions[0]?.session).toBe('new-session')
      }),
    )
  })

  it('begins anew when the player stayed away too long', async () => {
    const api = new FrontApi()
    const first = await ask(api, '/steering/known/hls.json?session=mine')
    api.now += 3_600_000
    await ask(api, reload(first, ''))
    expect(api.routes.questions.map(({ session }) => session)).toEqual(['mine', 'new-session'])
  })

  it('takes any text for a token', async () => {
    const api = new FrontApi()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (token) => {
        const answer = await ask(api, `/steering/known/hls.json?s=${encodeURIComponent(Buffer.from(token).toString())}`)
        expect(answer.status).toBe(200)
      }),
    )
  })
})

function cloneIds(manifest: object): unknown[] {
  const clones: unknown = 'PATHWAY-CLONES' in manifest ? manifest['PATHWAY-CLONES'] : []
  return Array.isArray(clones) ? clones.map((clone: { readonly ID?: unknown }) => clone.ID) : ['no list']
}
