import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { loadConfigText } from '../src/broker/config/load-config.ts'
import { labConfig } from '../src/broker/lab-config.ts'
import { loadLabFile } from '../src/lab/lab-file.ts'
import { readComposeFile, serviceOf } from './support/compose-file.ts'
import { argumentsOf, type DockerStage, parseDockerfile } from './support/dockerfile.ts'
import { plantTree, type TemporaryTree } from './support/temporary-tree.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const REPLICAS = ['broker-a', 'broker-b'] as const
/** Options that say where a CDN is and who asks, rather than what it can do. */
const PLACES = new Set(['base_url', 'token', 'api_token', 'account_id', 'relay_url'])

const compose = readComposeFile(join(ROOT, 'docker-compose.yml'))
const stages = parseDockerfile(read('Dockerfile'))
const HELPER_THREADS = '--v8-pool-size=1'
const Package = z.object({ bin: z.object({ 'moq-broker': z.string() }), engines: z.object({ node: z.string() }) })

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function lastStage(): DockerStage {
  return stages.at(-1) ?? []
}

function imageCommand(): readonly string[] {
  return z.array(z.string()).parse(JSON.parse(argumentsOf(lastStage(), 'CMD')[0] ?? ''))
}

/** Asks the program itself, run from source so that nothing has to be built, for the help of a subcommand. */
function expectToTake(subcommand: string, words: readonly string[]): void {
  const help = spawnSync(process.execPath, ['--import', 'tsx', 'src/broker/cli/main.ts', subcommand, '--help'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect(help).toMatchObject({ status: 0, stderr: '' })
  expect(help.stdout).toContain(`moq-broker ${subcommand} `)
  for (const option of words.filter((word) => word.startsWith('--'))) expect(help.stdout).toContain(option)
}

/** The configuration of a replica and every file that it asks a secret from. */
function replicaConfig(replica: string): {
  readonly config: ReturnType<typeof loadConfigText>['config']
  readonly secretFiles: readonly string[]
} {
  const secretFiles: string[] = []
  const { config } = loadConfigText(read(`deploy/${replica}.yaml`), `deploy/${replica}.yaml`, {
    env: {},
    readFile: (path) => {
      secretFiles.push(path)
      return '0123456789abcdef'.repeat(4)
    },
  })
  return { config, secretFiles }
}

/** What `deploy/make-secrets.sh` makes, in a tree of its own. */
function makeSecrets(): TemporaryTree {
  const tree = plantTree({ 'deploy/make-secrets.sh': read('deploy/make-secrets.sh'), 'deploy/secrets/.gitignore': '*' })
  const run = spawnSync('bash', [join(tree.root, 'deploy/make-secrets.sh')], { encoding: 'utf8' })
  expect(run).toMatchObject({ status: 0, stderr: '' })
  return tree
}

function portsIn(text: string): readonly number[] {
  return [...text.matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => Number(match[1]))
}

describe('the image', () => {
  it('starts a program that the package has, with a subcommand that the program has', () => {
    const [program, file, subcommand, ...options] = imageCommand()
    expect([program, file]).toEqual(['node', Package.parse(JSON.parse(read('package.json'))).bin['moq-broker']])
    expectToTake(subcommand ?? '', options)
  })

  it('runs a supported Node without root, in production mode', () => {
    const oldest = Number(/(\d+)/.exec(Package.parse(JSON.parse(read('package.json'))).engines.node)?.[1])
    for (const stage of stages) {
      const node = /^node:(\d+)-slim/.exec(argumentsOf(stage, 'FROM')[0] ?? '')
      expect(Number(node?.[1])).toBeGreaterThanOrEqual(oldest)
    }
    expect(argumentsOf(lastStage(), 'USER')).toEqual(['node'])
    expect(argumentsOf(lastStage(), 'ENV')).toEqual(['NODE_ENV=production', `NODE_OPTIONS=${HELPER_THREADS}`])
  })

  it('runs node with the helper threads that `npm start` runs it with, and node takes the option', () => {
    const { scripts } = z.object({ scripts: z.object({ start: z.string() }) }).parse(JSON.parse(read('package.json')))
    expect(scripts.start).toContain(`node ${HELPER_THREADS} dist/`)
    const env = { PATH: process.env['PATH'], NODE_OPTIONS: HELPER_THREADS }
    expect(spawnSync(process.execPath, ['-e', ''], { env, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  })

  it('copies only what exists and what the build context holds', () => {
    const ignored = read('.dockerignore').trim().split('\n')
    expect(ignored[0]).toBe('*')
    const sources = argumentsOf(stages[0] ?? [], 'COPY').flatMap((argument) => argument.split(/\s+/).slice(0, -1))
    expect(sources.toSorted()).toEqual(['build.mjs', 'package-lock.json', 'package.json', 'src', 'tsconfig.json'])
    for (const source of sources) {
      expect(ignored).toContain(`!${source}`)
      expect(existsSync(join(ROOT, source))).toBe(true)
    }
  })

  it('takes no secret into a layer', () => {
    for (const stage of stages) {
      expect(argumentsOf(stage, 'ARG')).toEqual([])
      expect(argumentsOf(stage, 'ADD')).toEqual([])
    }
    expect(read('Dockerfile')).not.toMatch(/token|secret|password/i)
  })

  it('looks for its health on the port that it exposes, which is the default', () => {
    const health = argumentsOf(lastStage(), 'HEALTHCHECK')[0] ?? ''
    expect(health).toContain('/healthz')
    const { config } = loadConfigText(
      'providers: [{ id: a, adapter: draft-http, options: { base_url: "http://a", token: env:T } }]',
      'x',
      {
        env: { T: 'x' },
        readFile: () => '',
      },
    )
    expect(portsIn(health)).toEqual([config.listen.port])
    expect(argumentsOf(lastStage(), 'EXPOSE')).toEqual([String(config.listen.port)])
  })
})

describe('the compose file', () => {
  it('waits only for services that exist and say that they are well', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      for (const needed of Object.keys(service.depends_on)) {
        const other = serviceOf(compose, needed)
        expect({ name, needed, checked: other.healthcheck !== undefined || other.build !== undefined }).toMatchObject({
          checked: true,
        })
      }
    }
  })

  it('runs every service of ours under an init', () => {
    const ours = Object.values(compose.services).filter(({ build }) => build !== undefined)
    expect(ours).toHaveLength(3)
    expect(ours.every(({ init }) => init)).toBe(true)
  })

  it('publishes ports on the loopback only', () => {
    const published = Object.values(compose.services).flatMap(({ ports }) => ports)
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
    expect(published.map((port) => port.split(':')[1] ?? '').toSorted()).toEqual(['8080', '8082', '9090'])
  })

  it('mounts files that are in the repository, and volumes, networks and secrets that it declares', () => {
    for (const { volumes, networks, secrets } of Object.values(compose.services)) {
      for (const source of volumes.map((volume) => volume.split(':')[0] ?? '')) {
        if (source.startsWith('./deploy/secrets/'))
          expect(read('deploy/make-secrets.sh')).toContain(`make ${basename(source)} `)
        else if (source.startsWith('./')) expect(statSync(join(ROOT, source)).isFile()).toBe(true)
        else expect(Object.keys(compose.volumes)).toContain(source)
      }
      for (const network of networks) expect(['default', ...Object.keys(compose.networks)]).toContain(network)
      for (const secret of secrets) expect(Object.keys(compose.secrets)).toContain(secret)
    }
  })

  it('keeps what Redis acknowledged', () => {
    const redis = serviceOf(compose, 'redis')
    expect(redis.image).toBe('redis:7')
    expect(redis.command).toEqual(['redis-server', '--appendonly', 'yes', '--appendfsync', 'always'])
    expect(redis.volumes).toEqual(['redis-data:/data'])
  })

  it('starts the lab with a subcommand and options that the program has', () => {
    const [program, file, subcommand, ...options] = serviceOf(compose, 'lab').command ?? []
    expect([program, file, subcommand]).toEqual([...imageCommand().slice(0, 2), 'lab'])
    expectToTake('lab', options)
  })
})

describe.each(REPLICAS)('the replica %s', (replica) => {
  const service = serviceOf(compose, replica)

  it('has a configuration that the broker accepts', () => {
    expect(replicaConfig(replica).config.providers.map(({ id }) => id)).toEqual(['cdn-a', 'cdn-b', 'cdn-c'])
  })

  it('mounts its configuration where the image looks for it', () => {
    expect(service.volumes).toContain(`./deploy/${replica}.yaml:${imageCommand().at(-1)}:ro`)
    expect(service.command).toBeUndefined()
  })

  it('is mounted every secret that its configuration reads', () => {
    const mounted = [
      ...service.secrets.map((secret) => `/run/secrets/${secret}`),
      ...service.volumes.map((volume) => volume.split(':')[1] ?? ''),
    ]
    for (const file of replicaConfig(replica).secretFiles) {
      expect(mounted.filter((place) => file === place || file.startsWith(`${place}/`))).not.toEqual([])
    }
  })

  it('listens where the published port, its health check and Prometheus look', () => {
    const { listen } = replicaConfig(replica).config
    expect(listen.host).toBe('0.0.0.0')
    const network = service.network_mode?.replace('service:', '') ?? ''
    expect(serviceOf(compose, network).ports).toContain(`127.0.0.1:${listen.port}:${listen.port}`)
    const health = service.healthcheck?.test.join(' ') ?? argumentsOf(lastStage(), 'HEALTHCHECK')[0] ?? ''
    expect(portsIn(health)).toEqual([listen.port])
    const Scrapes = z.object({
      scrape_configs: z.array(z.object({ static_configs: z.array(z.object({ targets: z.array(z.string()) })) })),
    })
    const targets = Scrapes.parse(parse(read('deploy/prometheus.yml'))).scrape_configs.flatMap(({ static_configs }) =>
      static_configs.flatMap(({ targets: names }) => names),
    )
    expect(targets).toContain(`${network}:${listen.port}`)
  })

  it('reaches Redis under the name of its service, on a network that both are on', () => {
    const { store } = replicaConfig(replica).config
    const url = new URL(store.kind === 'redis' ? (store.url ?? '') : '')
    const network = serviceOf(compose, service.network_mode?.replace('service:', '') ?? '')
    expect(network.networks.some((name) => serviceOf(compose, url.hostname).networks.includes(name))).toBe(true)
  })

  it('takes the advertisement that the health check of the lab looks at', () => {
    const health = serviceOf(compose, 'lab').healthcheck?.test.join(' ') ?? ''
    expect(
      replicaConfig(replica).config.providers.some(({ fci }) => fci !== undefined && health.includes(fci.url)),
    ).toBe(true)
  })
})

describe('the deployment as a whole', () => {
  it('has replicas that differ in their port only', () => {
    const [a, b] = REPLICAS.map((replica) => replicaConfig(replica).config)
    expect(a?.listen.port).not.toBe(b?.listen.port)
    expect({ ...a, listen: undefined }).toEqual({ ...b, listen: undefined })
  })

  it('has a script that makes every secret, once and never again', () => {
    using tree = makeSecrets()
    const files = Object.values(compose.secrets).map(({ file }) => readFileSync(join(tree.root, file), 'utf8'))
    expect(new Set(files).size).toBe(files.length)
    const encryptionKey = readFileSync(join(tree.root, 'deploy/secrets/encryption_key'), 'utf8')
    expect(Buffer.from(encryptionKey, 'base64')).toHaveLength(32)
    const again = spawnSync('bash', [join(tree.root, 'deploy/make-secrets.sh')], { encoding: 'utf8' })
    expect(again).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(Object.values(compose.secrets).map(({ file }) => readFileSync(join(tree.root, file), 'utf8'))).toEqual(files)
  })

  it('says of the abilities of the CDNs of the lab what npm start says', async () => {
    using tree = makeSecrets()
    const url = 'http://127.0.0.1:1'
    const addresses = { apiUrl: url, fciUrl: url, relayUrl: 'moqt://127.0.0.1:1', adminUrl: url }
    const lab = await loadLabFile(join(tree.root, 'deploy/secrets/lab.json'), { host: '127.0.0.1', firstPort: 0 })
    const started = labConfig(
      lab.map((cdn) => ({ ...cdn, ...addresses })),
      { host: '127.0.0.1', port: 0, storePath: 'data' },
    )
    const abilitiesOf = ({ config }: Pick<ReturnType<typeof replicaConfig>, 'config'>) =>
      config.providers.map(({ adapter, options, probe }) => {
        const abilities = Object.fromEntries(Object.entries(options).filter(([name]) => !PLACES.has(name)))
        return { adapter, probe, abilities }
      })
    expect(abilitiesOf(replicaConfig('broker-a'))).toEqual(abilitiesOf(started))
  })

  it('gives the lab and the replicas the same ports, accounts and API tokens', async () => {
    using tree = makeSecrets()
    const secrets = join(tree.root, 'deploy/secrets')
    const lab = await loadLabFile(join(secrets, 'lab.json'), { host: '127.0.0.1', firstPort: 0 })
    const expected = lab.map(({ name, kind, ports, apiToken, accountId }) => ({
      id: name,
      api: `http://127.0.0.1:${ports.api}${kind === 'cloudflare' ? '/client/v4' : ''}`,
      fci: `http://127.0.0.1:${ports.fci}/fci/advertisement`,
      admin: `http://127.0.0.1:${ports.admin}`,
      relay: kind === 'cloudflare' ? `moqt://127.0.0.1:${ports.relay}` : undefined,
      account: kind === 'cloudflare' ? accountId : undefined,
      token: apiToken,
    }))
    const configured = replicaConfig('broker-a').config.providers.map(({ id, options, fci, fault_url }) => ({
      id,
      api: options['base_url'],
      fci: fci?.url,
      admin: fault_url,
      relay: options['relay_url'],
      account: options['account_id'],
      token: readFileSync(
        join(secrets, basename(String(options['token'] ?? options['api_token']).replace('file:', ''))),
        'utf8',
      ).trim(),
    }))
    expect(configured).toEqual(expected)
  })
})
