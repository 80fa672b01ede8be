import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { MOQ_VERSIONS, offeredSubprotocols } from '../../src/moq/subprotocols.ts'
import { connectClient, until } from '../support/moq-client.ts'
import { startTestRelay, type TestRelay } from '../support/moq-relay.ts'

describe('a relay under hostile input', () => {
  let at: TestRelay
  beforeEach(async () => {
    at = await startTestRelay(['s'])
  })
  afterEach(async () => {
    // Whatever happened, the relay still serves.
    await using publisher = await connectClient(at.connectUrl('s-pub'))
    publisher.publish('live').track.writeString('alive')
    await using subscriber = await connectClient(at.connectUrl('s-sub'))
    await until('the announcement', () => subscriber.announced.has('live'))
    const reading = subscriber.read('live')
    await until('the object', () => reading.texts.includes('alive'))
    await at[Symbol.asyncDispose]()
  })

  /** Sends raw bytes and returns the whole answer. */
  async function exchange(bytes: string): Promise<string> {
    const socket = connect(at.relay.port, '127.0.0.1')
    socket.write(bytes)
    return text(socket)
  }

  const upgrade = (path: string, headers: readonly string[] = []) =>
    exchange(
      [
        `GET ${path} HTTP/1.1`,
        'Host: relay',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
        '\r\n',
      ].join('\r\n'),
    )

  async function openSocket(protocols: readonly string[]): Promise<{ socket: WebSocket; closed: Promise<unknown> }> {
    const socket = new WebSocket(at.connectUrl('s-both'), [...protocols])
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => {
      socket.once('close', resolve)
    })
    await once(socket, 'open')
    return { socket, closed }
  }

  it.each(['GET', 'POST', 'OPTIONS'])('answers a plain %s with 426 and where to go from there', async (method) => {
    const asked = request({ host: '127.0.0.1', port: at.relay.port, path: '/s-both', method }).end()
    const response = await new Promise<IncomingMessage>((resolve) => {
      asked.once('response', (answer) => resolve(answer.resume()))
    })
    expect(response.statusCode).toBe(426)
    expect(response.headers).toMatchObject({ upgrade: 'websocket' })
  })

  it('answers every refusal of a token alike, and tells nothing of the token', async () => {
    const answers = await Promise.all(
      ['/', '/unknown', '//s-both', '/%', '/%E0%A4%A', '/?token=s-both', '/unknown/s-both', '/S-BOTH'].map((path) =>
        upgrade(path),
      ),
    )
    expect(new Set(answers)).toEqual(
      new Set(['HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n']),
    )
  })

  it('answers 400 to an upgrade without a MoQ subprotocol that it speaks', async () => {
    for (const header of [[], ['Sec-WebSocket-Protocol: chat'], ['Sec-WebSocket-Protocol: webtransport, moqt-16']]) {
      expect(await upgrade('/s-both', header)).toMatch(/^HTTP\/1\.1 400 /)
    }
  })

  it('answers 400 to an upgrade that is no WebSocket’s', async () => {
    const answer = await upgrade('/s-both', ['Sec-WebSocket-Protocol: qmux-02.moqt-16', 'Sec-WebSocket-Key: short'])
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('answers 400 to bytes that are no HTTP', async () => {
    expect(await exchange('\x16\x03\x01\x02\x00\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await upgrade('s-both')).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('refuses when its directory fails', async () => {
    at.grants.get = () => {
      throw new Error('the directory is broken')
    }
    expect(await upgrade('/s-both')).toMatch(/^HTTP\/1\.1 403 /)
    expect(at.count('relay.directory.failed')).toBe(1)
    Reflect.deleteProperty(at.grants, 'get')
  })

  it.each(offeredSubprotocols(['moq-lite-05', 'moqt-18', 'moqt-16']))(
    'ends a session on %s that sends garbage',
    async (protocol) => {
      for (const garbage of [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(5_000, 0xff), Buffer.alloc(64, 0x41)]) {
        const { socket, closed } = await openSocket([protocol])
        socket.send(garbage)
        await closed
      }
      await until('the end of all sessions', () => at.relay.sessions().length === 0)
    },
  )

  it('ends a session that sends text', async () => {
    const { socket, closed } = await openSocket(['qmux-02.moqt-16'])
    socket.send('hello')
    await closed
  })

  it('ends a session that sends a huge message, without reading it all', async () => {
    const { socket, closed } = await openSocket(['qmux-02.moqt-16'])
    socket.send(Buffer.alloc(8 * 1024 * 1024))
    expect([1006, 1009]).toContain(await closed)
  })

  it.each(MOQ_VERSIONS.map((version) => `qmux-02.${version}`))(
    'cuts a client on %s that never says a word',
    async (protocol) => {
      const { closed } = await openSocket([protocol])
      await closed
      await until('the report', () => at.count('relay.session.failed') === 1)
      expect(at.events.at(-1)?.fields).toMatchObject({ reason: 'no MoQ handshake in time' })
    },
  )

  it('cuts a client that stops answering pings', async () => {
    const client = await connectClient(at.connectUrl('s-sub'))
    await until('the session', () => at.relay.sessions().length === 1)
    const deaf = await openSocket(['qmux-02.moq-lite-04'])
    // Empty transport parameters: enough to be a session.
    deaf.socket.send(Buffer.from('ff5153300d0a0d0a00', 'hex'))
    await until('the deaf session', () => at.relay.sessions().length === 2)
    deaf.socket.pause()
    await until('the end of the deaf one', () =>
      at.events.some(({ fields }) => fields['reason'] === 'the peer stopped answering'),
    )
    expect(at.relay.sessions()).toHaveLength(1)
    deaf.socket.terminate()
    await client.session.close()
  })
})
