import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ResolveHost } from '../../src/broker/outbound/guarded-connect.ts'
import {
  createGuardedFetcher,
  type GuardedFetcher,
  type GuardedRequest,
} from '../../src/broker/outbound/guarded-fetch.ts'
import { OutboundError } from '../../src/broker/outbound/outbound-error.ts'
import { type ApiRecorder, never, type Reply, startApiRecorder } from '../support/api-recorder.ts'

const TOKEN = 'fci-token-0123456789'

let peer: ApiRecorder
let other: ApiRecorder
let fetchers: GuardedFetcher[]

beforeEach(async () => {
  peer = await startApiRecorder()
  other = await startApiRecorder()
  fetchers = []
})
afterEach(async () => {
  for (const made of fetchers) await made[Symbol.asyncDispose]()
  await peer[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})

function fetcher(resolve?: ResolveHost, privateHosts: readonly string[] = ['127.0.0.1']): GuardedFetcher {
  const made = createGuardedFetcher({
    now: () => Date.UTC(2026, 10, 21),
    privateHosts,
    ...(resolve === undefined ? {} : { resolve }),
  })
  fetchers.push(made)
  return made
}

function request(overrides: Partial<GuardedRequest> = {}): GuardedRequest {
  const url = overrides.url ?? `${peer.url}/secret-path/fci?key=hidden`
  return {
    url,
    allowedOrigins: URL.canParse(url) ? [new URL(url).origin] : [],
    what: 'its advertisement',
    timeoutMs: 5_000,
    maxBytes: 100_000,
    signal: new AbortController().signal,
    ...overrides,
  }
}

async function failure(promise: Promise<unknown>): Promise<OutboundError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof OutboundError)) throw new Error(`not an OutboundError: ${String(error)}`)
  expect(error.message).not.toMatch(/secret-path|hidden|fci-token/)
  return error
}

const body = (text: string, headers: Readonly<Record<string, string>> = {}): Reply => ({ status: 200, text, headers })
const redirect = (location: string, status = 302): Reply => ({ status, headers: { location } })

describe('a document', () => {
  it('comes with its validators and how long it may be used', async () => {
    peer.reply(body('{}', { etag: '"a"', 'last-modified': 'then', 'cache-control': 'max-age=60, stale-if-error=120' }))
    const answer = await fetcher().fetch(request({ token: TOKEN, etag: '"old"' }))
    expect(answer).toMatchObject({
      kind: 'document',
      text: '{}',
      validators: { etag: '"a"', lastModified: 'then' },
      freshness: { freshSeconds: 60, staleIfErrorSeconds: 120 },
    })
    expect(peer.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, 'if-none-match': '"old"' })
  })

  it('is told unchanged by a 304', async () => {
    peer.reply({ status: 304, headers: { etag: '"a"' } })
    expect(await fetcher().fetch(request({ lastModified: 'then' }))).toMatchObject({ kind: 'unchanged' })
    expect(peer.requests[0]?.headers['if-modified-since']).toBe('then')
  })

  it('is unpacked when it comes as gzip', async () => {
    peer.reply((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"packed":true}'))
    })
    expect(await fetcher().fetch(request())).toMatchObject({ text: '{"packed":true}' })
  })

  it('is refused with the beginning of the error document when the status is no success', async () => {
    peer.reply({ status: 400, text: '{"meta":{"code":"E_SYNTAX"}}' })
    const error = await failure(fetcher().fetch(request()))
    expect(error).toMatchObject({ fault: 'status', status: 400, body: '{"meta":{"code":"E_SYNTAX"}}' })
  })

  it('is refused unread when its media type was not asked for', async () => {
    peer.reply(body('<html>', { 'content-type': 'text/html' }))
    const accepts = (type: string | undefined): boolean => type === 'application/json'
    expect(await failure(fetcher().fetch(request({ accepts })))).toMatchObject({ fault: 'content_type' })
  })
})

describe('a body', () => {
  const big = (bytes: number): Reply => {
    const chunk = Buffer.alloc(64 * 1024, 'x')
    return (_, response) => {
      response.writeHead(200)
      let sent = 0
      const push = (): void => {
        while (sent < bytes && !response.destroyed) {
          sent += chunk.length
          if (!response.write(chunk)) {
            response.once('drain', push)
            return
          }
        }
        response.end()
      }
      push()
    }
  }

  it('of 100 MB is given up at the limit, and the connection with it', async () => {
    peer.reply(big(100_000_000))
    const error = await failure(fetcher().fetch(request({ maxBytes: 1_000_000 })))
    expect(error).toMatchObject({ fault: 'too_large', message: 'its advertisement is larger than 1000000 bytes' })
    await peer.connectionsAtMost(0)
  })

  it('that unpacks to 100 MB is given up at the same limit', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000))
    expect(bomb.length).toBeLessThan(100_000)
    peer.reply((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
    })
    expect(await failure(fetcher().fetch(request()))).toMatchObject({ fault: 'too_large' })
  })

  it.each([
    ['no gzip', { 'content-encoding': 'gzip' }, Buffer.from('{"a":1}')],
    ['in a coding not asked for', { 'content-encoding': 'br' }, Buffer.from('{"a":1}')],
    ['not UTF-8', {}, Buffer.from([0x7b, 0xff, 0x7d])],
  ])('that is %s is refused', async (_name, headers, bytes) => {
    peer.reply((_, response) => {
      response.writeHead(200, headers).end(bytes)
    })
    expect(await failure(fetcher().fetch(request()))).toMatchObject({ fault: 'encoding' })
  })

  it('that drips is given up at the deadline', async () => {
    const timers: NodeJS.Timeout[] = []
    peer.reply((_, response) => {
      response.writeHead(200)
      timers.push(setInterval(() => response.write(' '), 10))
    })
    const error = await failure(fetcher().fetch(request({ timeoutMs: 200 })))
    expect(error).toMatchObject({ fault: 'timeout' })
    await peer.connectionsAtMost(0)
    for (const timer of timers) clearInterval(timer)
  })

  it('that never begins is given up at the deadline, and at once when the broker stops', async () => {
    peer.reply(never, never)
    expect(await failure(fetcher().fetch(request({ timeoutMs: 100 })))).toMatchObject({ fault: 'timeout' })
    const stop = new AbortController()
    const pending = failure(fetcher().fetch(request({ signal: stop.signal, timeoutMs: 60_000 })))
    await peer.received(2)
    stop.abort()
    expect(await pending).toMatchObject({ fault: 'ended' })
  })

  it('that breaks off is no document', async () => {
    peer.reply((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{', () => response.socket?.destroy())
    })
    expect(await failure(fetcher().fetch(request()))).toMatchObject({ fault: 'unreachable' })
  })
})

describe('where a request may go', () => {
  const loopback: ResolveHost = async () => [{ address: '127.0.0.1', family: 4 }]
  const named = (host: string): string => `${peer.url.replace('127.0.0.1', host)}/fci`

  it('is not a host that was not allowed', async () => {
    const error = await failure(fetcher().fetch(request({ url: `${peer.url}/fci`, allowedOrigins: [other.url] })))
    expect(error.fault).toBe('forbidden')
    expect(peer.requests).toHaveLength(0)
  })

  it.each(['file:///etc/passwd', 'http://user:pw@127.0.0.1/', 'nonsense'])('is not %s', async (url) => {
    expect(await failure(fetcher().fetch(request({ url, allowedOrigins: ['http://127.0.0.1'] })))).toMatchObject({
      fault: 'forbidden',
    })
  })

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    'fd00:ec2::254',
    'fe80::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ])('is not a name that resolves to %s', async (address) => {
    const resolve: ResolveHost = async () => [{ address, family: address.includes(':') ? 6 : 4 }]
    const error = await failure(fetcher(resolve, []).fetch(request({ url: named('cdn.example') })))
    expect(error).toMatchObject({ fault: 'forbidden_address' })
    expect(peer.requests).toHaveLength(0)
  })

  it('is not a name of which only one address is private', async () => {
    const resolve: ResolveHost = async () => [
      { address: '8.8.8.8', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]
    expect(await failure(fetcher(resolve, []).fetch(request({ url: named('cdn.example') })))).toMatchObject({
      fault: 'forbidden_address',
    })
  })

  it('is not a private address that stands in the URL, unless the operator named it', async () => {
    expect(await failure(fetcher(undefined, []).fetch(request()))).toMatchObject({ fault: 'forbidden_address' })
    expect(peer.openConnections()).toBe(0)
    peer.reply(body('{}'))
    expect(await fetcher().fetch(request())).toMatchObject({ kind: 'document' })
  })

  it('is the address that was checked, although the name leads elsewhere a moment later', async () => {
    let asked = 0
    const resolve: ResolveHost = async (host) => {
      expect(host).toBe('cdn.example')
      asked++
      if (asked > 1) throw new Error('the name was looked up a second time')
      return loopback(host)
    }
    peer.reply(body('{}'))
    const answer = await fetcher(resolve, ['CDN.example']).fetch(request({ url: named('cdn.example') }))
    expect(answer).toMatchObject({ kind: 'document' })
    expect(peer.requests[0]?.headers.host).toMatch(/^cdn\.example:/)
    expect(asked).toBe(1)
  })

  it('is nowhere when the name does not resolve', async () => {
    const resolve: ResolveHost = async () => {
      throw new Error('ENOTFOUND')
    }
    expect(await failure(fetcher(resolve).fetch(request({ url: named('cdn.example') })))).toMatchObject({
      fault: 'unreachable',
      message: 'cdn.example has no address',
    })
  })
})

describe('a redirect', () => {
  it('is followed within the allowed origins, without the token', async () => {
    peer.reply(redirect(`${other.url}/moved`))
    other.reply(body('{}'))
    const allowedOrigins = [peer.url, other.url]
    expect(await fetcher().fetch(request({ allowedOrigins, token: TOKEN }))).toMatchObject({ kind: 'document' })
    expect(other.requests[0]).toMatchObject({ url: '/moved' })
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization')
  })

  it.each(['http://169.254.169.254/latest/meta-data', 'http://localhost/', 'http://[::1]/', '//10.0.0.1/'])(
    'to %s is not followed',
    async (location) => {
      peer.reply(redirect(location))
      expect(await failure(fetcher().fetch(request()))).toMatchObject({ fault: 'forbidden' })
    },
  )

  it('to another port of the same private host is not followed', async () => {
    peer.reply(redirect(`${other.url}/admin`))
    expect(await failure(fetcher().fetch(request()))).toMatchObject({ fault: 'forbidden' })
    expect(other.requests).toHaveLength(0)
  })

  it('to an allowed name with a private address is not followed', async () => {
    peer.reply(redirect('http://inner.example/'))
    const resolve: ResolveHost = async () => [{ address: '169.254.169.254', family: 4 }]
    const allowedOrigins = [peer.url, 'http://inner.example']
    expect(await failure(fetcher(resolve).fetch(request({ allowedOrigins })))).toMatchObject({
      fault: 'forbidden_address',
    })
  })

  it('is followed three times and not four', async () => {
    peer.reply(redirect('/1'), redirect('/2', 307), redirect('3', 308), body('{}'))
    expect(await fetcher().fetch(request())).toMatchObject({ kind: 'document' })
    peer.reply(redirect('/1'), redirect('/2'), redirect('/3'), redirect('/4'), body('{}'))
    expect(await failure(fetcher().fetch(request()))).toMatchObject({ fault: 'redirect' })
    expect(peer.requests).toHaveLength(8)
  })

  it.each([
    ['of a POST', { method: 'POST', body: '{}' } as const, redirect('/1')],
    ['without a target', {}, { status: 302 }],
  ])('%s is not followed', async (_name, overrides, reply) => {
    peer.reply(reply)
    expect(await failure(fetcher().fetch(request(overrides)))).toMatchObject({ fault: 'redirect' })
    expect(peer.requests).toHaveLength(1)
  })
})

describe('a stream', () => {
  it('is read as it comes, beyond the deadline of its header, until it is closed', async () => {
    peer.reply((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
    })
    const stream = await fetcher().open(request({ timeoutMs: 1_000 }))
    expect(stream.contentType).toBe('text/event-stream')
    for await (const chunk of stream.chunks) {
      expect(Buffer.from(chunk).toString()).toBe('data: 1\n\n')
      stream.close()
      break
    }
    await peer.connectionsAtMost(0)
  })

  it('is not opened by a peer that does not answer', async () => {
    peer.reply(never)
    expect(await failure(fetcher().open(request({ timeoutMs: 100 })))).toMatchObject({ fault: 'timeout' })
  })
})
