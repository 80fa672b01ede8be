import { once } from 'node:events'
import { createServer, Server } from 'node:net'
import { decode } from 'dns-packet'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { DnsServer } from '../../src/broker/dns/dns-server.ts'
import { startDnsServer } from '../../src/broker/dns/start-dns-server.ts'
import { defined } from '../support/defined.ts'
import {
  type ChangingSource,
  changingSource,
  connectTcp,
  dnsConfig,
  exchangeUdp,
  framed,
} from '../support/dns-sockets.ts'
import { OTHER_SCOPE, queryOf, SCOPE, subnetOf } from '../support/dns-world.ts'

interface Served {
  readonly server: DnsServer
  readonly source: ChangingSource
  readonly port: number
}

async function serve(more: Readonly<Record<string, unknown>> = {}): Promise<Served> {
  const source = changingSource()
  const server = await startDnsServer(dnsConfig(more), {
    source,
    log: () => undefined,
    now: () => performance.now(),
    random: () => 0.5,
    cookieSecret: new Uint8Array(16),
    scopeNames: ['demo', 'not.a-label', 'Final'],
  })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return { server, source, port: defined(server.addresses[0]).port }
}

const query = (id: number, name = `${SCOPE}.cdn.example`): Buffer => queryOf({ name, id, subnet: '192.0.2.0/24' })

describe('DNS over UDP', () => {
  it('answers to where the query came from', async () => {
    const { port } = await serve()
    const packet = decode(await exchangeUdp(port, query(7)))
    expect(packet).toMatchObject({ id: 7, answers: [{ data: '192.0.2.1' }, { data: '192.0.2.2' }] })
    expect(subnetOf(packet)).toEqual({ source: 24, scope: 22 })
  })

  it('answers also what it has to wait for, and others meanwhile', async () => {
    const { port, source } = await serve()
    source.slow.add(SCOPE)
    let open: () => void = () => undefined
    source.gate = new Promise((resolve) => {
      open = resolve
    })
    const late = exchangeUdp(port, query(1))
    expect(decode(await exchangeUdp(port, query(2, `${OTHER_SCOPE}.cdn.example`))).answers).toHaveLength(2)
    open()
    expect(decode(await late)).toMatchObject({ id: 1, answers: [{}, {}] })
  })

  it('serves the names of scopes that can be labels', async () => {
    const { port } = await serve()
    const rcode = async (name: string): Promise<number> => (await exchangeUdp(port, query(1, name))).readUInt8(3) & 15
    expect(await rcode('demo.cdn.example')).toBe(0)
    expect(await rcode('final.cdn.example')).toBe(0)
    expect(await rcode('not.a-label.cdn.example')).toBe(3)
  })

  it('is counted by transport, type and code', async () => {
    const { port, server } = await serve()
    await exchangeUdp(port, query(1))
    await exchangeUdp(port, query(2))
    await exchangeUdp(port, queryOf({ name: 'x.example', type: 'CAA' }))
    using client = await connectTcp(port)
    client.send(query(3, 'nothing.cdn.example'))
    await client.receive(1)
    expect(server.totals().answers).toEqual({
      'udp A NOERROR': 2,
      'udp CAA REFUSED': 1,
      'tcp A NXDOMAIN': 1,
    })
  })

  it('cannot be had twice on one port, over UDP or TCP', async () => {
    const { port } = await serve()
    await expect(serve({ listen: [{ host: '127.0.0.1', port }] })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => void taken.close())
    const address = taken.address()
    const tcpPort = typeof address === 'object' && address !== null ? address.port : 0
    await expect(serve({ listen: [{ host: '127.0.0.1', port: tcpPort }] })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    // The socket for UDP, which had been opened, was closed again.
    await expect(exchangeUdp(tcpPort, query(1), 50)).rejects.toThrow('abort')
  })

  it('takes another free port where TCP cannot have the one that UDP was given', async () => {
    const taken: number[] = []
    const blocker = createServer()
    onTestFinished(() => void blocker.close())
    const { listen } = Server.prototype
    vi.spyOn(Server.prototype, 'listen').mockImplementationOnce(function (this: Server, options) {
      if (typeof options !== 'object' || options === null) throw new Error('listens in another way')
      taken.push(options.port ?? 0)
      // Somebody else is faster.
      listen.call(blocker, options)
      return listen.call(this, options)
    })
    const { port } = await serve()
    expect(taken).toHaveLength(1)
    expect(taken).not.toContain(port)
    expect(decode(await exchangeUdp(port, query(7)))).toMatchObject({ id: 7, answers: [{}, {}] })
    using client = await connectTcp(port)
    client.send(query(1))
    expect(await client.receive(1)).toHaveLength(1)
  })
})

describe('DNS over TCP', () => {
  it('answers many queries that come in one piece', async () => {
    const { port } = await serve()
    using client = await connectTcp(port)
    client.send(...Array.from({ length: 200 }, (_, id) => query(id)))
    const answers = await client.receive(200)
    expect(answers.map((answer) => decode(answer).id)).toEqual(Array.from({ length: 200 }, (_, id) => id))
  })

  it('answers a query that comes byte by byte', async () => {
    const { port } = await serve()
    using client = await connectTcp(port)
    client.socket.setNoDelay(true)
    for (const byte of framed(query(9))) client.socket.write(Buffer.from([byte]))
    expect(decode(defined((await client.receive(1))[0])).answers).toHaveLength(2)
  })

  it('lets a quick answer overtake a slow one, and then reads on', async () => {
    const { port, source } = await serve()
    source.slow.add(SCOPE)
    let open: () => void = () => undefined
    source.gate = new Promise((resolve) => {
      open = resolve
    })
    using client = await connectTcp(port)
    client.send(query(1), query(2, `${OTHER_SCOPE}.cdn.example`))
    expect(decode(defined((await client.receive(1))[0])).id).toBe(2)
    // More than may wait at once: what comes behind is read when the first are answered.
    client.send(...Array.from({ length: 100 }, (_, index) => query(100 + index)))
    open()
    expect(await client.receive(101)).toHaveLength(101)
  })

  it('closes a connection without a whole query in time, even if bytes trickle in', async () => {
    const { port } = await serve({ tcp: { idle_ms: 300 } })
    using client = await connectTcp(port)
    client.send(query(1))
    await client.receive(1)
    // An empty message, which is no query, and then one of 1024 bytes that never comes to its end.
    client.socket.write(Buffer.from([0, 0, 4, 0]))
    const trickle = setInterval(() => client.socket.write('x'), 50)
    onTestFinished(() => clearInterval(trickle))
    const started = performance.now()
    await client.closed
    expect(performance.now() - started).toBeGreaterThan(200)
    expect(performance.now() - started).toBeLessThan(3_000)
  })

  it('closes a connection that announces more than a query can be', async () => {
    const { port } = await serve()
    using client = await connectTcp(port)
    client.socket.write(Buffer.from([0xff, 0xff, 0]))
    await client.closed
  })

  it('takes so many connections from one address and no more', async () => {
    const { port } = await serve({ tcp: { connections_per_client: 2 } })
    using first = await connectTcp(port)
    using second = await connectTcp(port)
    using third = await connectTcp(port)
    await third.closed
    first.send(query(1))
    expect(await first.receive(1)).toHaveLength(1)
    second.socket.destroy()
    await second.closed
    // The server hears of it a moment later.
    for (;;) {
      using next = await connectTcp(port)
      next.send(query(2))
      // A refused one is closed or, with the query unread, reset.
      const refused = () => undefined
      const served = await Promise.race([next.receive(1).catch(refused), next.closed.then(refused)])
      if (served !== undefined) break
    }
  })

  it('ends its connections when it stops', async () => {
    const { port, server } = await serve()
    using client = await connectTcp(port)
    client.send(query(1))
    await client.receive(1)
    await server[Symbol.asyncDispose]()
    await client.closed
  })
})
