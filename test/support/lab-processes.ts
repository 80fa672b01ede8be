import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { startLab } from '../../src/lab/lab.ts'
import type { Fault } from '../../src/lab/lab-config.ts'
import type { RunningLabCdn } from '../../src/lab/lab-member.ts'
import { defined } from './defined.ts'
import { eventually } from './eventually.ts'

/** The compiled program of one lab CDN. */
const LAB_PROGRAM = fileURLToPath(new URL('../../dist/lab/main.js', import.meta.url))

export const CDN_NAMES = ['cdn-a', 'cdn-b', 'cdn-c'] as const
export type CdnName = (typeof CDN_NAMES)[number]

const stateSchema = z.object({
  scopes: z.array(
    z.object({
      id: z.string(),
      label: z.string().exactOptional(),
      /** `host:port` of every upstream relay. */
      upstreams: z.array(z.string()),
    }),
  ),
  /** Calls since the start by method and route, counted when they arrive. */
  calls: z.record(z.string(), z.number()),
})
export type CdnState = z.infer<typeof stateSchema>

/** The three CDNs of the lab, each a real process on 127.0.0.1: `cdn-a` extended, `cdn-b` cloudflare, `cdn-c` draft. */
export interface LabProcesses extends AsyncDisposable {
  readonly dir: string
  readonly cdns: readonly RunningLabCdn[]
  cdn(name: CdnName): RunningLabCdn
  setFault(name: CdnName, fault: Fault): Promise<void>
  clearFaults(): Promise<void>
  state(name: CdnName): Promise<CdnState>
  /** How often a method was called so far, whatever the path. */
  calls(name: CdnName, method: string): Promise<number>
  /** Ends its process by SIGKILL and waits until it is gone. */
  kill(name: CdnName): Promise<void>
  /** Starts it again with its ports, tokens and scopes. */
  restart(name: CdnName): Promise<void>
}

export async function startLabProcesses(): Promise<LabProcesses> {
  const dir = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-lab-'))
  const lab = await startLab({
    dataDir: dir,
    host: '127.0.0.1',
    firstPort: 0,
    entry: LAB_PROGRAM,
    log: () => {},
    now: Date.now,
  })
  const cdn = (name: CdnName): RunningLabCdn => defined(lab.cdns.find((one) => one.name === name))
  const admin = (name: CdnName, path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${cdn(name).adminUrl}${path}`, { signal: AbortSignal.timeout(10_000), ...init })
  const state = async (name: CdnName): Promise<CdnState> =>
    stateSchema.parse(await (await admin(name, '/state')).json())

  return {
    dir,
    get cdns() {
      return lab.cdns
    },
    cdn,
    async setFault(name, fault) {
      const headers = { 'content-type': 'application/json' }
      const answer = await admin(name, '/fault', { method: 'PUT', headers, body: JSON.stringify(fault) })
      if (!answer.ok) throw new Error(`${name} did not take the fault: ${await answer.text()}`)
    },
    async clearFaults() {
      await Promise.all(CDN_NAMES.map((name) => admin(name, '/fault', { method: 'DELETE' })))
    },
    state,
    async calls(name, method) {
      const { calls } = await state(name)
      return Object.entries(calls)
        .filter(([call]) => call.startsWith(`${method} `))
        .reduce((sum, [, count]) => sum + count, 0)
    },
    async kill(name) {
      const { pid } = cdn(name)
      process.kill(pid, 'SIGKILL')
      await eventually(`${name} is dead`, async () => !isAlive(pid))
    },
    restart: (name) => lab.restart(name),
    async [Symbol.asyncDispose]() {
      await lab.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
