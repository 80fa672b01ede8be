import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { join } from 'node:path'
import { decode } from 'dns-packet'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { DnsServer } from '../../src/broker/dns/dns-server.ts'
import { startDnsWorkers } from '../../src/broker/dns/dns-workers.ts'
import type { LogFields } from '../../src/broker/log.ts'
import { ROOT } from '../support/cli-process.ts'
import { defined } from '../support/defined.ts'
import { type ChangingSource, changingSource, connectTcp, dnsConfig, exchangeUdp } from '../support/dns-sockets.ts'
import { ABSENT_SCOPE, queryOf, rcodeOf, SCOPE } from '../support/dns-world.ts'
import { eventually } from '../support/eventually.ts'

const PROGRAM = { entry: join(ROOT, 'dist/broker/cli/dns-worker-main.js'), execArgv: [] }
const NAME = `${SCOPE}.cdn.example`

interface Served {
  readonly server: DnsServer
  readonly source: ChangingSource
  readonly port: number
  readonly logged: { readonly event: string; readonly fields: LogFields }[]
}

async function serve(processes: number, listen = [{ host: '127.0.0.1', port: 0 }]): Promise<Served> {
  const source = changingSource()
  const logged: { event: string; fields: LogFields }[] = []
  const server = await startDnsWorkers(
    dnsConfig({ processes, listen, explain: true }),
    {
      source,
      log: (event, fields = {}) => logged.push({ event, fields }),
      now: Date.now,
      random: Math.random,
      cookieSecret: new Uint8Array(16),
      scopeNames: [],
    },
    PROGRAM,
  )
  onTestFinished(() => server[Symbol.asyncDispose]())
  return { server, source, logged, port: defined(server.addresses[0]).port }
}

async function dataFor(port: number, subnet: string): Promise<unknown> {
  const packet = decode(await exchangeUdp(port, queryOf({ name: NAME, subnet })))
  return packet.answers?.map((record) => (record.type === 'A' || record.type === 'CNAME' ? record.data : record.type))
}

describe('several DNS processes on one port', () => {
  it('answer what the one that decides would answer', async () => {
    const { port } = await serve(2)
    for (let round = 0; round < 20; round++) {
      expect(await dataFor(port, '192.0.2.0/24')).toEqual(['192.0.2.1', '192.0.2.2'])
      expect(await dataFor(port, `198.51.${round}.0/24`)).toEqual(['edge.cdn-b.example'])
    }
    const absent = decode(await exchangeUdp(port, queryOf({ name: `${ABSENT_SCOPE}.cdn.example` })))
    expect(rcodeOf(absent)).toBe(3)
    using client = await connectTcp(port)
    client.send(queryOf({ name: '_explain.cdn.example', type: 'TXT', subnet: '192.0.2.0/24' }))
    const [answer] = decode(defined((await client.receive(1))[0])).answers ?? []
    expect(answer?.type === 'TXT' ? String(answer.data) : '').toBe('192.0.2.0 goes to cdn-a')
  })

  it('hear of a change within a moment', async () => {
    const { port, source } = await serve(2)
    await Promise.all(Array.from({ length: 20 }, () => dataFor(port, '192.0.2.0/24')))
    source.answer = () => ({ kind: 'alias', host: 'new.example', ttlSeconds: 5, sameForBits: 0 })
    source.current++
    const isNew = async (): Promise<boolean> => String(await dataFor(port, '192.0.2.0/24')) === 'new.example'
    await eventually(
      'both processes give the new answer',
      async () => {
        const all = await Promise.all(Array.from({ length: 20 }, isNew))
        return all.every(Boolean)
      },
      3_000,
    )
  })

  it('answer SERVFAIL when the one that decides cannot', async () => {
    const { port, source } = await serve(2)
    source.slow.add(SCOPE)
    source.gate = Promise.reject(new Error('no store'))
    source.gate.catch(() => undefined)
    expect(rcodeOf(decode(await exchangeUdp(port, queryOf({ name: NAME }))))).toBe(2)
  })

  it('are started again when they die, while the others go on', async () => {
    const { port, logged, server } = await serve(2)
    const [first] = await workerPids()
    process.kill(defined(first), 'SIGKILL')
    await eventually('its death is told', async () => logged.some(({ event }) => event === 'dns.worker_ended'))
    expect(await dataFor(port, '192.0.2.0/24')).toHaveLength(2)
    await eventually('there are two again', async () => (await workerPids()).length === 2)
    expect(logged).toMatchObject([{ event: 'dns.worker_ended', fields: { pid: first, how: 'SIGKILL' } }])
    for (let round = 0; round < 20; round++) expect(await dataFor(port, '192.0.2.0/24')).toHaveLength(2)
    await eventually('their answers are counted', async () => (server.totals().answers['udp A NOERROR'] ?? 0) >= 20)
  })

  it('are all gone when the server has stopped, and their counts are kept', async () => {
    const { port, server } = await serve(3)
    for (let round = 0; round < 9; round++) await dataFor(port, '192.0.2.0/24')
    await server[Symbol.asyncDispose]()
    expect(await workerPids()).toEqual([])
    expect(server.totals().answers).toEqual({ 'udp A NOERROR': 9 })
  })

  it('do not start where the port is taken, and say so', async () => {
    const other = createSocket('udp4').bind(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const taken = serve(2, [{ host: '127.0.0.1', port: other.address().port }])
    await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(await workerPids()).toEqual([])
  })
})

/** Living DNS workers of this process. */
async function workerPids(): Promise<readonly number[]> {
  const { default: cluster } = await import('node:cluster')
  return Object.values(cluster.workers ?? {}).flatMap((worker) =>
    worker === undefined || worker.isDead() || worker.process.pid === undefined ? [] : [worker.process.pid],
  )
}
