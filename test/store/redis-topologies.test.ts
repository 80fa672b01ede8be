import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { storeConformance } from '../conformance/store.ts'
import { event, put } from '../conformance/store-changes.ts'
import { describeWithPrograms } from '../support/describe-with-programs.ts'
import { freePort } from '../support/free-ports.ts'
import { describeRedis, type RedisServer, startConfiguredRedis, startRedisServer } from '../support/redis-server.ts'
import { storeErrorOf } from '../support/store-error-of.ts'
import { plantTree, type TemporaryTree } from '../support/temporary-tree.ts'
import { eventually, openRedis, openRedisUnderTest } from './redis-under-test.ts'

const HOST = '127.0.0.1'

describeRedis('a store on a Redis Cluster', () => {
  const servers: RedisServer[] = []
  let folder: TemporaryTree
  let cluster: Cluster
  beforeAll(async () => {
    folder = plantTree({ 'one/.keep': '', 'other/.keep': '' })
    for (const name of ['one', 'other']) {
      servers.push(await startNode({ port: await clusterPort(), dir: join(folder.root, name) }))
    }
    const [one, other] = servers.map(({ port }) => new Redis(port, HOST))
    if (one === undefined || other === undefined) throw new Error('two servers were started')
    await one.cluster('ADDSLOTSRANGE', 0, 8191)
    await other.cluster('ADDSLOTSRANGE', 8192, 16383)
    // Both begin at epoch 0 and would quarrel about it for a while.
    await other.call('CLUSTER', 'SET-CONFIG-EPOCH', 2)
    await one.call('CLUSTER', 'MEET', HOST, other.options.port ?? 0)
    for (const redis of [one, other]) {
      await eventually(async () => expect(await redis.cluster('INFO')).toMatch(/cluster_state:ok[^]*known_nodes:2/))
      redis.disconnect()
    }
    cluster = new Cluster([{ host: HOST, port: servers[0]?.port ?? 0 }])
    cluster.on('error', () => {})
  }, 60_000)
  afterAll(async () => {
    cluster?.disconnect()
    for (const server of servers) await server[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })
  const nodes = () => servers.slice(0, 1).map(({ port }) => ({ host: HOST, port }))

  storeConformance({
    name: 'the Redis store',
    open: () => openRedisUnderTest({ clusterNodes: nodes() }, cluster),
  })

  it('is unavailable in time while the node of its slot is gone, and goes on when it is back', async () => {
    const slot = await cluster.cluster('KEYSLOT', '{test}:format')
    const index = slot < 8192 ? 0 : 1
    const owner = servers[index]
    if (owner === undefined) throw new Error('two servers were started')
    const store = await openRedis({ clusterNodes: nodes(), timeoutMs: 500 })
    await store.commit([put('a', '1')])
    await owner.kill()
    const began = performance.now()
    const calls = [store.commit([put('a', '2')]), store.get('scopes', 'a')]
    for (const error of await Promise.all(calls.map(storeErrorOf))) {
      expect(error.code).toBe('unavailable')
      expect(error.message).toContain(`the Cluster ${HOST}:${servers[0]?.port}`)
    }
    expect(performance.now() - began).toBeLessThan(3_000)
    servers[index] = await startNode(owner)
    expect(await eventually(() => store.commit([put('a', '3')]))).toEqual([2])
    await store[Symbol.asyncDispose]()
  }, 30_000)
})

/** A node of a Cluster that is found at the same place with the same data when it is started again. */
function startNode({ port, dir }: { readonly port: number; readonly dir: string }): Promise<RedisServer> {
  const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', HOST]
  return startRedisServer({ port, dir, args, appendonly: true })
}

/** A Cluster's nodes talk to each other on the port 10000 above, which nobody must be given by the system. */
async function clusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort()
    if (port + 10_000 < 32_768) return port
  }
}

describeRedis('a store on a Redis that Sentinels watch', () => {
  let folder: TemporaryTree
  const opened: AsyncDisposable[] = []
  function keep<T extends AsyncDisposable>(resource: T): T {
    opened.push(resource)
    return resource
  }
  function connect(port: number): Redis {
    const redis = new Redis(port, HOST)
    redis.on('error', () => {})
    opened.push({ [Symbol.asyncDispose]: async () => redis.disconnect() })
    return redis
  }
  beforeEach(() => {
    folder = plantTree({})
  })
  afterEach(async () => {
    for (const resource of opened.splice(0).toReversed()) await resource[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  it('goes on with the new master when the old one dies', async () => {
    const master = keep(await startRedisServer({ args: ['--repl-diskless-sync-delay', '0'] }))
    keep(await startRedisServer({ args: ['--replicaof', HOST, String(master.port)] }))
    const port = await freePort()
    const file = join(folder.root, 'sentinel.conf')
    writeFileSync(
      file,
      [
        `port ${port}`,
        `bind ${HOST}`,
        `sentinel monitor main ${HOST} ${master.port} 1`,
        'sentinel down-after-milliseconds main 300',
        'sentinel failover-timeout main 3000',
      ].join('\n'),
    )
    keep(await startConfiguredRedis(file, { port, dir: folder.root, args: ['--sentinel'] }))
    const sentinel = connect(port)
    await eventually(async () => expect(await sentinel.call('SENTINEL', 'REPLICAS', 'main')).toHaveLength(1))

    const store = keep(await openRedis({ sentinels: [{ host: HOST, port }], name: 'main', timeoutMs: 1_000 }))
    await store.commit([put('a', '1'), event('log', '1')])
    const lease = await store.acquireLease('job', 'one', 600_000)
    // WAIT speaks of this connection's own writes, and so of all before them.
    const old = connect(master.port)
    await old.set('written last', '')
    expect(await old.wait(1, 10_000)).toBe(1)
    await master.kill()

    expect(await eventually(() => store.commit([put('a', '2', { revision: 1 }), event('log', '2')]))).toEqual([2])
    expect((await store.readEvents('log', { limit: 9 })).map(({ sequence }) => sequence)).toEqual([1, 2])
    expect((await store.acquireLease('job', 'one', 1_000))?.token).toBeGreaterThan(lease?.token ?? 0)
  }, 60_000)
})

describeWithPrograms(['redis-server', 'openssl'], 'a store on a Redis server with TLS', () => {
  let folder: TemporaryTree
  let server: RedisServer
  let port: number
  let ca: string
  beforeAll(async () => {
    folder = plantTree({})
    const [key, certificate] = [join(folder.root, 'key.pem'), join(folder.root, 'certificate.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=IP:${HOST},DNS:localhost`]
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ]
    execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
    ca = readFileSync(certificate, 'utf8')
    port = await freePort()
    const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate]
    const args = ['--tls-port', String(port), '--tls-auth-clients', 'no', '--requirepass', 'a secret/@', ...files]
    server = await startRedisServer({ args })
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })
  const password = encodeURIComponent('a secret/@')

  it.each([HOST, 'localhost'])('takes commits at %s when it knows the authority', async (host) => {
    const store = await openRedis({ url: `rediss://:${password}@${host}:${port}`, tls: { ca } })
    await store.commit([put('a', '1')])
    expect((await store.get('scopes', 'a'))?.value).toBe('1')
    await store[Symbol.asyncDispose]()
  })

  it('is not opened when it does not, and says why', async () => {
    const error = await storeErrorOf(openRedis({ url: `rediss://:${password}@${HOST}:${port}`, timeoutMs: 500 }))
    expect(error.code).toBe('unavailable')
    expect(error.message).toContain('self-signed certificate')
    expect(error.message).not.toContain('secret')
  })

  it('is not opened under a name that the certificate does not carry', async () => {
    const tls = { ca, servername: 'elsewhere.example' }
    const error = await storeErrorOf(openRedis({ url: `rediss://:${password}@${HOST}:${port}`, tls, timeoutMs: 500 }))
    expect(error.message).toContain('elsewhere.example')
  })
})
