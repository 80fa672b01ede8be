import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { BrokerClient } from '../support/broker-client.ts'
import { readComposeFile, serviceOf } from '../support/compose-file.ts'
import { defined } from '../support/defined.ts'
import { describeWithPrograms } from '../support/describe-with-programs.ts'
import { argumentsOf, parseDockerfile } from '../support/dockerfile.ts'
import { eventually } from '../support/eventually.ts'
import { freePortBlock } from '../support/free-ports.ts'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const REPLICAS = ['broker-a', 'broker-b'] as const
/** Those that the files of the deployment name: Redis, the replicas, the lab's twelve. */
const PORTS = [6379, 8080, 8082, ...Array.from({ length: 12 }, (_, index) => 8091 + index)]

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const compose = readComposeFile(join(ROOT, 'docker-compose.yml'))
const image = defined(parseDockerfile(read('Dockerfile')).at(-1))
const Words = z.array(z.string())

/** The words of a `CMD` in its JSON form. */
function commandIn(argument: string): readonly string[] {
  return Words.parse(JSON.parse(argument.replace(/^.*?CMD /s, '')))
}

// Each service's own command, in one folder and on free ports of the loopback, since Docker is not needed for this.
describeWithPrograms(['redis-server', 'openssl'], 'the services of docker-compose.yml', () => {
  const folder = mkdtempSync(join(tmpdir(), 'moq-broker-compose-'))
  const secrets = join(folder, 'deploy/secrets')
  const started: ChildProcess[] = []
  const ports = new Map<number, number>()
  let redis: RedisServer | undefined

  /** A text of the deployment with the ports, folders and names that it has here. */
  function adapt(text: string): string {
    return text
      .replaceAll(/\b\d{4}\b/g, (number) => String(ports.get(Number(number)) ?? number))
      .replaceAll('redis://redis:', 'redis://127.0.0.1:')
      .replaceAll('0.0.0.0', '127.0.0.1')
      .replaceAll('/run/secrets', secrets)
      .replaceAll('/var/lib/moq-broker', join(folder, 'lab'))
      .replaceAll('/etc/moq-broker/', `${folder}/`)
  }

  function startService(name: string, words: readonly string[]): void {
    const [program = '', ...args] = words
    const env = { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production' }
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.setEncoding('utf8').on('data', (text: string) => process.stderr.write(`${name}: ${text}`))
    started.push(child)
  }

  /** Whether the health check of a service, run as Docker would, says that it is well. */
  async function isHealthy(test: readonly string[]): Promise<boolean> {
    const [program = '', ...args] = test.map(adapt)
    const check = spawn(program, args, { stdio: 'ignore', timeout: 5_000, killSignal: 'SIGKILL' })
    await once(check, 'close')
    return check.exitCode === 0
  }

  const clientOf = (port: number): BrokerClient =>
    new BrokerClient(`http://127.0.0.1:${ports.get(port)}`, readFileSync(join(secrets, 'admin_key'), 'utf8').trim())

  beforeAll(async () => {
    const first = await freePortBlock(PORTS.length)
    for (const [index, port] of PORTS.entries()) ports.set(port, first + index)
    mkdirSync(secrets, { recursive: true })
    cpSync(join(ROOT, 'deploy/make-secrets.sh'), join(folder, 'deploy/make-secrets.sh'))
    expect(spawnSync('bash', [join(folder, 'deploy/make-secrets.sh')], { encoding: 'utf8' })).toMatchObject({
      status: 0,
    })
    mkdirSync(join(folder, 'lab'))
    writeFileSync(join(folder, 'lab/lab.json'), adapt(readFileSync(join(secrets, 'lab.json'), 'utf8')))

    const [program, ...args] = serviceOf(compose, 'redis').command ?? []
    expect(program).toBe('redis-server')
    redis = await startRedisServer({ port: defined(ports.get(6379)), args })

    const lab = serviceOf(compose, 'lab')
    startService('lab', (lab.command ?? []).map(adapt))
    const labIsWell = defined(lab.healthcheck).test.slice(1)
    await eventually('the lab is healthy', () => isHealthy(labIsWell))

    for (const name of REPLICAS) {
      const [source = '', target = ''] = defined(serviceOf(compose, name).volumes[0]).split(':')
      expect(target).toBe(commandIn(argumentsOf(image, 'CMD')[0] ?? '').at(-1))
      const config = join(folder, basename(source))
      writeFileSync(config, adapt(read(source)))
      startService(name, [...commandIn(argumentsOf(image, 'CMD')[0] ?? '').slice(0, -1), config])
    }
  })

  afterAll(async () => {
    await Promise.all(
      started.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const closed = once(child, 'close')
        child.kill('SIGKILL')
        await closed
      }),
    )
    await redis?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(REPLICAS)('have a replica %s whose health check succeeds', async (name) => {
    const own = serviceOf(compose, name).healthcheck?.test.slice(1)
    const test = own ?? commandIn(argumentsOf(image, 'HEALTHCHECK')[0] ?? '')
    await eventually(`${name} is healthy`, () => isHealthy(test))
  })

  it('give out at one replica the scope that was made at the other, on all three CDNs', async () => {
    const { scope_id } = await clientOf(8080).createScope({ name: 'seen by both' })
    const seen = await clientOf(8082).scope(scope_id)
    expect(seen).toMatchObject({ state: 'ready' })
    expect(seen?.placements.map(({ provider }) => provider).toSorted()).toEqual(['cdn-a', 'cdn-b', 'cdn-c'])
  })

  it('serve their metrics where Prometheus looks', async () => {
    const Job = z.object({
      metrics_path: z.string(),
      static_configs: z.array(z.object({ targets: z.array(z.string()) })),
    })
    const File = z.object({ scrape_configs: z.array(Job) })
    const [job] = File.parse(parse(read('deploy/prometheus.yml'))).scrape_configs
    const { metrics_path, static_configs } = defined(job)
    const targets = static_configs.flatMap((one) => one.targets)
    expect(targets).toHaveLength(REPLICAS.length)
    for (const target of targets) {
      const answer = await fetch(`http://${adapt(target.replace('lab:', '127.0.0.1:'))}${metrics_path}`)
      expect(await answer.text()).toContain('moq_broker_provider_health{provider="cdn-a"}')
    }
  })

  it('end in order when they are told to', async () => {
    for (const child of started.toReversed()) {
      const closed = once(child, 'close')
      child.kill('SIGTERM')
      await closed
      expect(child.exitCode).toBe(0)
    }
  })
})
