import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type HttpServer, ListenError, type ServeOptions, serveHttp } from '../../src/broker/http/server.ts'
import { FrontApi } from './front-api.ts'
import { exchange, openSocket, parseAnswer, readToEnd } from './raw-http.ts'

const HEAD = 'Host: broker\r\nAuthorization: Bearer mqb_operator\r\nConnection: close\r\n'

let server: HttpServer | undefined

afterEach(async () => {
  await server?.close(0)
  server = undefined
})

async function serve(api: FrontApi, options: Partial<ServeOptions> = {}): Promise<HttpServer> {
  server = await serveHttp(api.app, { host: '127.0.0.1', port: 0, requestId: () => 'from-the-server', ...options })
  return server
}

function problemType(body: string): unknown {
  const parsed: { readonly type?: unknown } = JSON.parse(body)
  return parsed.type
}

describe('the server', () => {
  it('answers over a real socket, with the peer as client of a lookup', async () => {
    const api = new FrontApi()
    const { port } = await serve(api)
    const answer = await exchange(port, `GET /route HTTP/1.1\r\n${HEAD}\r\n`)
    expect(answer?.status).toBe(200)
    expect(api.routes.questions).toEqual([{ client: '127.0.0.1' }])
  })

  it('creates a scope from an empty POST', async () => {
    const { port } = await serve(new FrontApi())
    const answer = await exchange(port, `POST /moq/scopes HTTP/1.1\r\n${HEAD}Content-Length: 0\r\n\r\n`)
    expect([answer?.status, answer?.headers['location']]).toEqual([201, '/moq/scopes/scope-0001'])
  })

  it('answers HEAD without a body', async () => {
    const { port } = await serve(new FrontApi())
    const answer = await exchange(port, `HEAD /providers HTTP/1.1\r\n${HEAD}\r\n`)
    expect([answer?.status, answer?.body]).toEqual([200, ''])
  })

  it('refuses an endless chunked body with 413 as soon as it is too large', async () => {
    const { port } = await serve(new FrontApi())
    const socket = await openSocket(port)
    const answer = readToEnd(socket)
    socket.write(
      `POST /moq/scopes HTTP/1.1\r\n${HEAD}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    // Never the last chunk: only a bound on what was read can end this.
    for (let count = 0; count < 3; count += 1) socket.write(`200\r\n${' '.repeat(0x200)}\r\n`)
    const parsed = parseAnswer(await answer)
    expect(parsed?.status).toBe(413)
    expect(problemType(parsed?.body ?? '')).toBe('urn:moq-broker:problem:payload-too-large')
  })

  it('ends a client that sends its header section too slowly, with 408', async () => {
    const { port } = await serve(new FrontApi(), { headersTimeoutMs: 100 })
    const answer = await exchange(port, 'GET /healthz HTTP/1.1\r\nHost: broker\r\nX-Slow: ')
    expect(answer?.status).toBe(408)
    expect(problemType(answer?.body ?? '')).toBe('urn:moq-broker:problem:request-timeout')
  })

  it('ends a client that sends its body too slowly, with 408', async () => {
    const { port } = await serve(new FrontApi({ limits: { bodyBytes: 1024, requestTimeoutMs: 50, waitMs: 10 } }))
    const headers = `${HEAD}Content-Type: application/json\r\nContent-Length: 100\r\n`
    const answer = await exchange(port, `POST /moq/scopes HTTP/1.1\r\n${headers}\r\n{"na`)
    expect(answer?.status).toBe(408)
  })

  it.each([
    ['what is not HTTP', 'hello\r\n\r\n', 400, 'malformed-http'],
    ['a request without Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'malformed-http'],
    [
      'a Host that is no host',
      'GET /healthz HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n',
      400,
      'malformed-http',
    ],
    ['a target that is no path', `GET * HTTP/1.1\r\n${HEAD}\r\n`, 400, 'malformed-http'],
    [
      'a header section that is too large',
      `GET /healthz HTTP/1.1\r\n${HEAD}X: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers-too-large',
    ],
    [
      'both lengths at once',
      `POST /moq/scopes HTTP/1.1\r\n${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'malformed-http',
    ],
  ])('refuses %s', async (_, bytes, status, kind) => {
    const { port } = await serve(new FrontApi())
    const answer = await exchange(port, bytes)
    expect(answer?.status).toBe(status)
    expect(problemType(answer?.body ?? '')).toBe(`urn:moq-broker:problem:${kind}`)
    expect(answer?.headers['content-type']).toBe('application/problem+json')
  })

  it('goes on with a request that expects what nobody knows', async () => {
    const { port } = await serve(new FrontApi())
    expect((await exchange(port, `GET /healthz HTTP/1.1\r\n${HEAD}Expect: the-unknown\r\n\r\n`))?.status).toBe(200)
  })

  it('says what to do when the port is in use', async () => {
    const occupant = createServer()
    occupant.listen(0, '127.0.0.1')
    await once(occupant, 'listening')
    const address = occupant.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const attempt = serve(new FrontApi(), { port })
    await expect(attempt).rejects.toThrow(ListenError)
    await expect(attempt).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `cannot listen on 127.0.0.1:${port}: another process listens there (perhaps another broker). Stop it, or choose another port.`,
    })
    occupant.close()
  })

  it('says what to do when the address is not one of this machine', async () => {
    await expect(serve(new FrontApi(), { host: '192.0.2.1' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' })
  })

  it('tells its own URL', async () => {
    const { url, port } = await serve(new FrontApi())
    expect(url).toBe(`http://127.0.0.1:${port}`)
  })
})

describe('closing', () => {
  it('drops idle connections at once', async () => {
    const running = await serve(new FrontApi())
    const idle = await openSocket(running.port)
    const ended = readToEnd(idle)
    idle.write('GET /healthz HTTP/1.1\r\nHost: broker\r\n\r\n')
    await once(idle, 'data')
    await running.close(60_000)
    expect(parseAnswer(await ended)?.status).toBe(200)
  })

  it('lets a request at work end, on a connection that would be kept alive, and accepts no other', async () => {
    const api = new FrontApi()
    let finish: (() => void) | undefined
    const started = new Promise<void>((resolve) => {
      api.providers.list = async () => {
        resolve()
        await new Promise<void>((done) => {
          finish = done
        })
        return []
      }
    })
    const running = await serve(api)
    const busy = await openSocket(running.port)
    const answer = readToEnd(busy)
    busy.write('GET /providers HTTP/1.1\r\nHost: broker\r\nAuthorization: Bearer mqb_reader\r\n\r\n')
    await started
    const closed = running.close(60_000)
    await expect(openSocket(running.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    finish?.()
    expect(parseAnswer(await answer)?.status).toBe(200)
    await closed
  })

  it('cuts what is still at work when the grace is over', async () => {
    const api = new FrontApi()
    const started = new Promise<void>((resolve) => {
      api.providers.list = () => {
        resolve()
        return new Promise(() => {})
      }
    })
    const running = await serve(api)
    const busy = await openSocket(running.port)
    const answer = readToEnd(busy)
    busy.write('GET /providers HTTP/1.1\r\nHost: broker\r\nAuthorization: Bearer mqb_reader\r\n\r\n')
    await started
    await running.close(20)
    expect(await answer).toBe('')
  })

  it('can be asked for twice', async () => {
    const running = await serve(new FrontApi())
    await Promise.all([running.close(0), running.close(0)])
  })
})
