import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { FrontApi } from './front-api.ts'
import { type FrontSide, startSide } from './plain-front-pair.ts'
import { exchange, openSocket, readToEnd } from './raw-http.ts'

const LOOKUP = 'GET /route?client=192.0.2.7 HTTP/1.1\r\nHost: a.example\r\nX-API-Key: mqb_reader\r\n\r\n'
const REDIRECT = 'GET /r/known/a HTTP/1.1\r\nHost: a.example\r\n\r\n'
const LAST = 'GET /healthz HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n'

let side: FrontSide | undefined

afterEach(async () => {
  await side?.server.close(0)
  side = undefined
})

async function start(options: Parameters<typeof startSide>[1] = {}, api?: FrontApi): Promise<FrontSide> {
  side = await startSide(true, options, api)
  return side
}

function statuses(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
}

describe('a connection at the front', () => {
  it('on which nothing is asked is refused in time', async () => {
    const { server } = await start({ headersTimeoutMs: 100 })
    const answer = await exchange(server.port, '')
    expect(answer?.status).toBe(408)
    expect(answer?.body).toContain('urn:moq-broker:problem:request-timeout')
  })

  it('on which a head does not come to its end is refused in time', async () => {
    const { server } = await start({ headersTimeoutMs: 100 })
    expect((await exchange(server.port, LOOKUP.slice(0, -2)))?.status).toBe(408)
  })

  it('that idles after an answer is ended without a word', async () => {
    const { server } = await start({ headersTimeoutMs: 100, keepAliveMs: 100 })
    const socket = await openSocket(server.port)
    const answer = readToEnd(socket)
    socket.write(LOOKUP)
    expect(statuses(await answer)).toEqual([200])
  })

  it('that goes on asking outlives the time for a first request', async () => {
    const { server, sent } = await start({ headersTimeoutMs: 100, keepAliveMs: 10_000 })
    const socket = await openSocket(server.port)
    const answer = readToEnd(socket)
    socket.write(LOOKUP)
    await once(socket, 'data')
    // As long as the checks of another one take to find it silent.
    expect((await exchange(server.port, ''))?.status).toBe(408)
    socket.write(LOOKUP)
    await once(socket, 'data')
    socket.end()
    expect(statuses(await answer)).toEqual([200, 200])
    expect(sent.count).toBe(2)
  })

  it('ends when its client has said all', async () => {
    const { server } = await start()
    const socket = await openSocket(server.port)
    const answer = readToEnd(socket)
    socket.end(LOOKUP)
    expect(statuses(await answer)).toEqual([200])
  })

  it('stays there while a key or a scope is fetched, with its answers in order', async () => {
    const api = new FrontApi({ requestId: () => 'fresh' })
    const known = new Set<string>()
    const { keys } = api
    const recall = keys.recall.bind(keys)
    keys.recall = (key) => (known.has(key) ? recall(key) : undefined)
    keys.authenticate = async (key) => {
      await Promise.resolve()
      known.add(key)
      return recall(key)
    }
    const { server, sent } = await start({}, api)
    const socket = await openSocket(server.port)
    const answer = readToEnd(socket)
    socket.end(LOOKUP + REDIRECT + LOOKUP)
    expect(statuses(await answer)).toEqual([200, 302, 200])
    expect(sent.count).toBe(3)
    expect(api.logged.map(({ fields }) => fields['route'])).toEqual(['/route', '/r/:scope/*', '/route'])
  })

  it('is given to the framework when what is fetched does not come', async () => {
    const api = new FrontApi({ requestId: () => 'fresh' })
    let asked = 0
    api.keys.recall = () => undefined
    api.keys.authenticate = (key) => {
      asked += 1
      return asked === 1 ? new Promise(() => {}) : new FrontApi().keys.authenticate(key)
    }
    const { server, sent } = await start({ patienceMs: 20 }, api)
    const socket = await openSocket(server.port)
    const answer = readToEnd(socket)
    socket.write(LOOKUP + LAST)
    expect(statuses(await answer)).toEqual([200, 200])
    expect(sent.count).toBe(0)
  })

  it('asks the framework once for what the front could not answer', async () => {
    const api = new FrontApi({ requestId: () => 'fresh' })
    const { server } = await start({}, api)
    const answer = await exchange(
      server.port,
      LOOKUP.replace('?', '?scope=other&').replace('Host', 'Connection: keep-alive\r\nHost') + LAST,
    )
    expect(answer?.status).toBe(404)
    // Once by the front, once by the framework, which says what is wrong; not by the fast listener between them.
    expect(api.routes.questions).toHaveLength(2)
  })

  it('is held back while its client does not read', async () => {
    const { server, sent } = await start()
    const socket = await openSocket(server.port)
    const requests = 30_000
    socket.write(LOOKUP.repeat(requests))
    await vi.waitFor(
      async () => {
        const { count } = sent
        for (let turn = 0; turn < 100; turn += 1) await setImmediate()
        expect(count).toBeGreaterThan(0)
        expect(sent.count).toBe(count)
      },
      { timeout: 30_000 },
    )
    expect(sent.count).toBeLessThan(requests)
    const answer = readToEnd(socket)
    socket.end()
    expect(statuses(await answer)).toHaveLength(requests)
  })
})

describe('closing', () => {
  it('drops connections that wait for a request, asked before or not', async () => {
    const { server } = await start()
    const [asked, silent] = [await openSocket(server.port), await openSocket(server.port)]
    const ends = Promise.all([readToEnd(asked), readToEnd(silent)])
    asked.write(LOOKUP)
    await once(asked, 'data')
    await server.close(60_000)
    expect((await ends).map((text) => statuses(text))).toEqual([[200], []])
  })

  it('lets an answer that is on its way go out', async () => {
    const api = new FrontApi({ requestId: () => 'fresh' })
    let fetched: (() => void) | undefined
    api.keys.recall = () => undefined
    const started = new Promise<void>((resolve) => {
      api.keys.authenticate = async (key) => {
        resolve()
        await new Promise<void>((done) => {
          fetched = done
        })
        return await new FrontApi().keys.authenticate(key)
      }
    })
    const { server } = await start({}, api)
    const socket = await openSocket(server.port)
    const answer = readToEnd(socket)
    socket.write(LOOKUP)
    await started
    const closed = server.close(60_000)
    fetched?.()
    expect(statuses(await answer)).toEqual([200])
    await closed
  })
})
