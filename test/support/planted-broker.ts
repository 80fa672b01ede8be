import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import type { ConfigSchema } from '../../src/broker/config/config-schema.ts'
import { labConfig } from '../../src/broker/lab-config.ts'
import type { RunningLabCdn } from '../../src/lab/lab-member.ts'
import { BrokerClient } from './broker-client.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-ports.ts'

const PROGRAM = fileURLToPath(new URL('../../dist/broker/cli/main.js', import.meta.url))
const START_WITHIN_MS = 20_000

type FileConfig = z.input<typeof ConfigSchema>
type FileProvider = FileConfig['providers'][number]

export interface PlantBroker {
  /** For its configuration, its output and its embedded store. */
  readonly folder: string
  /** Tells replicas in one folder apart. */
  readonly name?: string
  readonly cdns: readonly RunningLabCdn[]
  /** Default: a free one. */
  readonly port?: number
  /** Of the admin that the configuration names: at least 24 characters. */
  readonly adminKey?: string
  /** Whole sections that take the place of the lab's; `providers` below. */
  readonly config?: Partial<Omit<FileConfig, 'providers'>>
  /** Laid over every provider of the lab. */
  readonly provider?: Partial<FileProvider>
  readonly moreProviders?: readonly FileProvider[]
  /** Without the providers of the lab, whose tokens are there nevertheless. */
  readonly onlyMoreProviders?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** Where stdout and stderr go; default: a file in the folder. */
  readonly outputFile?: string
}

/** For brokers with `onlyMoreProviders`: of a lab there must be one CDN, and nobody asks it. */
export const UNUSED_CDN: RunningLabCdn = {
  name: 'unused',
  kind: 'draft',
  apiUrl: 'http://127.0.0.1:9',
  fciUrl: 'http://127.0.0.1:9/fci/advertisement',
  relayUrl: 'http://127.0.0.1:9',
  adminUrl: 'http://127.0.0.1:9',
  apiToken: 'unused-token-0123456789',
  accountId: 'unused',
  pid: 0,
}

export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A broker that can be started again and again with one configuration file, as the built program `serve`. */
export interface PlantedBroker extends AsyncDisposable {
  readonly client: BrokerClient
  /** Everything that its processes wrote to stdout and stderr. */
  readonly output: string
  readonly pid: number
  readonly isRunning: boolean
  /** Starts it and waits until it answers. */
  start(): Promise<void>
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<ProcessEnd>
  /** Waits for the end. */
  ended(): Promise<ProcessEnd>
}

/** Writes the configuration of a broker in front of these CDNs. Canaries are off unless `config.health` says so. */
export async function plantBroker(options: PlantBroker): Promise<PlantedBroker> {
  const { folder, name = 'broker', cdns, adminKey = 'admin-key-of-the-end-to-end-tests' } = options
  const port = options.port ?? (await freePort())
  const configFile = join(folder, `${name}.yaml`)
  const outputFile = options.outputFile ?? join(folder, `${name}.out`)
  const lab = labConfig(cdns, { host: '127.0.0.1', port, storePath: join(folder, 'store') }).config
  const config: FileConfig = {
    ...lab,
    keys: [{ name: 'tester', role: 'admin', key: 'env:ADMIN_KEY' }],
    health: { canary: false, interval_ms: 250 },
    repair: { interval_ms: 250 },
    ...options.config,
    providers: [
      ...(options.onlyMoreProviders === true ? [] : lab.providers).map((provider) => ({
        ...provider,
        ...options.provider,
      })),
      ...(options.moreProviders ?? []),
    ],
  }
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify(config, undefined, 2))
  const tokens = Object.fromEntries(cdns.map((cdn, index) => [`LAB_TOKEN_${index}`, cdn.apiToken]))
  const env = { ...tokens, ADMIN_KEY: adminKey, ...options.env }
  const client = new BrokerClient(`http://127.0.0.1:${port}`, adminKey)
  let child: ChildProcess | undefined

  const running = (): ChildProcess => {
    if (child === undefined) throw new Error(`${name} was not started`)
    return child
  }
  const ended = async (): Promise<ProcessEnd> => {
    const process = running()
    if (process.exitCode === null && process.signalCode === null) await once(process, 'exit')
    return { code: process.exitCode, signal: process.signalCode }
  }

  return {
    client,
    get output() {
      return readFileSync(outputFile, 'utf8')
    },
    get pid() {
      return running().pid ?? 0
    },
    get isRunning() {
      return child !== undefined && child.exitCode === null && child.signalCode === null
    },
    async start() {
      const output = openSync(outputFile, 'a')
      child = spawn(process.execPath, [PROGRAM, 'serve', '--config', configFile], {
        env,
        cwd: folder,
        stdio: ['ignore', output, output],
      })
      closeSync(output)
      const started = child
      await eventually(
        `${name} answers`,
        async () => {
          if (started.exitCode !== null || started.signalCode !== null) return 'dead'
          return (await client.call('GET', '/healthz')).status === 200 ? 'alive' : undefined
        },
        START_WITHIN_MS,
      ).then((state) => {
        if (state === 'dead')
          throw new Error(`${name} did not start:\n${readFileSync(outputFile, 'utf8').slice(-4_000)}`)
      })
    },
    end(signal) {
      running().kill(signal)
      return ended()
    },
    ended,
    async [Symbol.asyncDispose]() {
      if (child === undefined) return
      child.kill('SIGKILL')
      await ended()
    },
  }
}
