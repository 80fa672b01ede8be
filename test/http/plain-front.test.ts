import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { converse, ECHO, type FrontSide, startSide } from './plain-front-pair.ts'

/** Whatever comes before it, this one ends the connection. */
const LAST = 'GET /healthz HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n'
const LOOKUP = 'GET /route?client=192.0.2.7 HTTP/1.1\r\nHost: a.example\r\nX-API-Key: mqb_reader\r\n\r\n'
const REDIRECT = 'GET /r/known/a/b?c=%2F HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n\r\n'
const STEERING = 'GET /steering/known/hls.json HTTP/1.1\r\nHost: a.example\r\nConnection: Keep-Alive\r\n\r\n'
const POST = 'POST /route HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nGET /'

/** Requests that come together may be done in another order than they are answered. */
function inAnyOrder(records: readonly object[]): readonly string[] {
  return records.map((record) => JSON.stringify(record)).sort()
}

describe('the front for plain requests', () => {
  let front: FrontSide
  let node: FrontSide

  beforeAll(async () => {
    // A request that never ends is refused soon, so that the tests do not wait.
    const options = { headersTimeoutMs: 200, requestTimeoutMs: 200, keepAliveMs: 1_000 }
    front = await startSide(true, options)
    node = await startSide(false, options)
  })

  afterAll(async () => {
    await front.server.close(0)
    await node.server.close(0)
  })

  async function compare(parts: readonly (string | Uint8Array)[]): Promise<{ text: string; sent: number }> {
    const before = front.sent.count
    const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))
    const [text, expected] = await Promise.all([converse(front.server.port, bytes), converse(node.server.port, bytes)])
    expect(text).toBe(expected)
    expect(inAnyOrder(front.api.logged.splice(0))).toEqual(inAnyOrder(node.api.logged.splice(0)))
    expect(inAnyOrder(front.api.observed.splice(0))).toEqual(inAnyOrder(node.api.observed.splice(0)))
    return { text, sent: front.sent.count - before }
  }

  it.each([
    ['a look-up', LOOKUP, 1],
    ['a look-up with a bearer token', LOOKUP.replace('X-API-Key:', 'authorization: Bearer'), 1],
    ['a redirect', REDIRECT, 1],
    ['a steering manifest', STEERING, 1],
    ['a refusal of a redirect', 'GET /r/other/a HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n\r\n', 1],
    ['requests that come together', LOOKUP + REDIRECT + STEERING + LOOKUP, 4],
  ])('answers %s byte for byte as node does', async (_, bytes, sent) => {
    expect((await compare([bytes, LAST])).sent).toBe(sent)
  })

  it.each([
    ['short', ''],
    ['long', `X-Long: ${'x'.repeat(3_000)}\r\n`],
  ])('takes nothing from the %s header section before for a request without one', async (_, more) => {
    const first = LOOKUP.replace('Host', `${more}Host`)
    const { text } = await compare([`${first}GET /route?client=192.0.2.7 HTTP/1.1\r\n\r\n`, LAST])
    expect(text.match(/HTTP\/1\.1 \d+/g)?.[1]).not.toBe('HTTP/1.1 200')
  })

  it.each([
    ['another method', 'HEAD /r/known/a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['another version', 'GET /r/known/a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'],
    ['another path', 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a key that is none', LOOKUP.replace('mqb_reader', 'mqb_x')],
    ['a scope that is none', LOOKUP.replace('?', '?scope=other&')],
    ['a length', LOOKUP.replace('Host', 'Content-Length: 0\r\nHost')],
    ['two lengths', LOOKUP.replace('Host', 'Content-Length: 0\r\nContent-Length: 5\r\nHost')],
    ['a length with a sign', LOOKUP.replace('Host', 'Content-Length: +0\r\nHost')],
    ['a transfer coding', REDIRECT.replace('Accept: */*', 'Transfer-Encoding: chunked').concat('0\r\n\r\n')],
    ['a transfer coding with an odd blank', REDIRECT.replace('Accept: */*', 'Transfer-Encoding:\vchunked')],
    ['both lengths', REDIRECT.replace('Accept: */*', 'Content-Length: 3\r\nTransfer-Encoding: chunked')],
    ['a blank before a colon', REDIRECT.replace('Accept:', 'Content-Length : 5\r\nAccept:')],
    ['a folded line', REDIRECT.replace('Accept: */*', 'Accept: a\r\n b')],
    ['a line that begins with a blank', REDIRECT.replace('Host:', ' Transfer-Encoding: chunked\r\nHost:')],
    ['lines that end with LF alone', REDIRECT.replaceAll('\r\n', '\n')],
    ['one line that ends with LF alone', REDIRECT.replace('example\r\n', 'example\n')],
    ['a line that ends with CR alone', REDIRECT.replace('example\r\n', 'example\r')],
    ['an empty line before it', `\r\n${REDIRECT}`],
    ['a NUL in a field', REDIRECT.replace('*/*', 'a\0b')],
    ['a NUL in the target', REDIRECT.replace('/a/b', '/a\0b')],
    ['a byte beyond ASCII in a field', REDIRECT.replace('*/*', 'a\xe9b')],
    ['a byte beyond ASCII in the target', REDIRECT.replace('/a/b', '/a\xe9b')],
    ['no host', REDIRECT.replace('Host: a.example\r\n', '')],
    ['no field', 'GET /r/known/a HTTP/1.1\r\n\r\n'],
    ['two hosts', REDIRECT.replace('Accept: */*', 'Host: b.example')],
    ['a host that is none', REDIRECT.replace('a.example', 'a/b')],
    ['two keys', LOOKUP.replace('Host', 'X-API-Key: mqb_x\r\nHost')],
    ['a blank in the target', REDIRECT.replace('/a/b', '/a b')],
    ['two blanks', REDIRECT.replace(' HTTP', '  HTTP')],
    ['a version that goes on', REDIRECT.replace('HTTP/1.1', 'HTTP/1.1 ')],
    ['the whole URL as target', REDIRECT.replace('/r/', 'http://a.example/r/')],
    ['a protocol to change to', REDIRECT.replace('Accept: */*', 'Connection: Upgrade\r\nUpgrade: websocket')],
    ['an expectation', REDIRECT.replace('Accept: */*', 'Expect: 100-continue')],
    ['the wish to end', REDIRECT.replace('Accept: */*', 'Connection: close')],
    ['the wish to end among others', REDIRECT.replace('Accept: */*', 'Connection: keep-alive, close')],
    ['an old name of that wish', REDIRECT.replace('Accept: */*', 'Proxy-Connection: close')],
    ['more than a head may hold', REDIRECT.replace('*/*', 'x'.repeat(17_000))],
    ['nearly as much as a head may hold', REDIRECT.replace('*/*', 'x'.repeat(15_000))],
  ])('leaves a request with %s to node', async (_, bytes) => {
    expect((await compare([bytes, LAST])).sent).toBe(0)
  })

  it.each([
    ['a request with a body', [LOOKUP, POST, LOOKUP]],
    ['a body that looks like a request', [REDIRECT + POST + REDIRECT]],
    ['what is no request', [LOOKUP, 'hello\r\n\r\n']],
    ['a request in parts', [`${LOOKUP}${REDIRECT.slice(0, 20)}`, REDIRECT.slice(20), STEERING]],
  ])('keeps the order of answers when %s comes between', async (_, parts) => {
    expect((await compare([...parts, LAST])).sent).toBeGreaterThan(0)
  })
})

/** What ends a connection on which no request can be found any more, apart from what came before. */
function apart(text: string): { readonly answers: string; readonly refusal: string } {
  const at = text.search(
    /HTTP\/1\.1 4\d\d [ \w]+\r\nContent-Type: application\/problem\+json\r\nContent-Length: \d+\r\nX-Request-Id/,
  )
  return at === -1 ? { answers: text, refusal: '' } : { answers: text.slice(0, at), refusal: text.slice(at) }
}

describe('the front, with an echo behind it', () => {
  let front: FrontSide
  let node: FrontSide

  beforeAll(async () => {
    const options = { headersTimeoutMs: 2_000, requestTimeoutMs: 2_000, keepAliveMs: 2_000 }
    front = await startSide(true, options, undefined, ECHO)
    node = await startSide(false, options, undefined, ECHO)
  })

  afterAll(async () => {
    await front.server.close(0)
    await node.server.close(0)
  })

  async function compare(parts: readonly Uint8Array[]): Promise<void> {
    const [text, expected] = await Promise.all([
      converse(front.server.port, parts, true),
      converse(node.server.port, parts, true),
    ])
    const [given, due] = [apart(text), apart(expected)]
    expect(given.refusal).toBe(due.refusal)
    // Node forgets answers that it owes when what is no request came together with theirs, now more, now fewer.
    const length = due.refusal === '' ? Number.POSITIVE_INFINITY : Math.min(given.answers.length, due.answers.length)
    expect(given.answers.slice(0, length)).toBe(due.answers.slice(0, length))
  }

  it('answers the same wherever what is sent is cut in two', async () => {
    const whole = Buffer.from(LOOKUP + REDIRECT + POST + LAST)
    for (const at of whole.keys())
      await compare([whole.subarray(0, at), whole.subarray(at)].filter((part) => part.length > 0))
    expect(front.sent.count).toBeGreaterThan(0)
  })

  it('answers any bytes as node does', async () => {
    const REQUESTS = [LOOKUP, REDIRECT, STEERING, POST, 'GET / HTTP/1.1\r\n', 'HTTP/1.1', '0\r\n\r\n']
    const LINES = ['Host: b\r\n', 'Connection: close\r\n', 'Content-Length: 4\r\n', 'Content-Length:', 'X: y\r\n']
    const CODINGS = ['Transfer-Encoding: chunked\r\n', 'transfer-encoding: identity\r\n']
    const BYTES = '\r\n,\n,\r,\0, ,\t,:,\xff,,'.split(',')
    const PIECES = [...REQUESTS, ...LINES, ...CODINGS, ...BYTES]
    const start = fc.constantFrom(LOOKUP, REDIRECT, STEERING, POST, LOOKUP + REDIRECT, REDIRECT + POST + LOOKUP)
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      without: fc.nat(3),
      piece: fc.oneof(
        fc.constantFrom(...PIECES),
        fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n)),
      ),
    })
    await fc.assert(
      fc.asyncProperty(start, fc.array(change, { maxLength: 3 }), fc.nat(400), async (text, changes, cut) => {
        let changed = text
        for (const { at, without, piece } of changes) {
          const index = Math.floor(at * changed.length)
          changed = changed.slice(0, index) + piece + changed.slice(index + without)
        }
        const parts = [changed.slice(0, cut), changed.slice(cut), LAST].filter((part) => part !== '')
        await compare(parts.map((part) => Buffer.from(part, 'latin1')))
      }),
    )
  })
})
