import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { openStore, type StoreOptions } from '../src/broker/store/open-store.ts'
import { startLab } from '../src/lab/lab.ts'
import type { RunningLabCdn } from '../src/lab/lab-member.ts'
import { createBareFanOut } from './bare-fan-out.ts'
import type { RunBenchmark } from './benchmark-command.ts'
import { compareInterleaved } from './interleaved-rounds.ts'
import { startSubject } from './provisioning-subject.ts'
import { startRedis } from './redis-process.ts'
import { median } from './statistics.ts'

const DIST = fileURLToPath(new URL('../dist/', import.meta.url))
const INJECTED_MS = 20
/** Creations need two round trips: a secondary can be pointed at the primary only when that one exists. */
const ROUND_TRIPS = 2
const IN_FLIGHT = 32

/**
 * One creation on the three lab CDNs (extended, cloudflare-shaped, draft), each in a process of its own.
 * - `latency_ratio`: 20 ms injected into every call; time of a creation to that of as many plain calls after each
 *   other as the capabilities force, side by side.
 * - `throughput_ratio_*`: nothing injected, 32 in flight; creations per second to those of a bare undici fan-out that
 *   makes the same calls and the same writes.
 * - `startup_seconds`: from starting the built program on an empty folder to the first ready answer.
 */
export const run: RunBenchmark = async ({ quick, signal, log }) => {
  const root = await mkdtemp(join(tmpdir(), 'moq-broker-bench-'))
  const rounds = quick ? 1 : 7
  const nothing = (): void => {}
  try {
    const startup: number[] = []
    for (let round = 0; round < (quick ? 1 : 5); round += 1)
      startup.push(await startupSeconds(join(root, `start-${round}`), signal))
    log(`start-up: ${median(startup).toFixed(2)} s`)

    await using lab = await startLab({
      dataDir: join(root, 'lab'),
      host: '127.0.0.1',
      entry: join(DIST, 'lab/main.js'),
      firstPort: 0,
      now: Date.now,
      log: nothing,
    })
    await using redis = await startRedis(root)
    const stores: Readonly<Record<'embedded' | 'redis', StoreOptions>> = {
      embedded: { kind: 'embedded', path: join(root, 'store') },
      redis: { kind: 'redis', url: redis.url, prefix: 'bench' },
    }
    const ratios = { embedded: Number.NaN, redis: Number.NaN }
    let latency = Number.NaN
    for (const kind of ['embedded', 'redis'] as const) {
      await using store = await openStore(stores[kind], { now: Date.now, log: { warn: nothing } })
      await using subject = await startSubject(store, lab.cdns)
      await subject.create()
      await using bare = createBareFanOut(store, lab.cdns, subject.lastCommits)
      log(`${kind}: ${subject.lastCommits.length} store writes per creation`)
      if (kind === 'embedded') {
        await injectLatency(lab.cdns, INJECTED_MS)
        const draft = lab.cdns[2]
        const result = await compareInterleaved({
          subject: () => timed(() => subject.create()),
          baseline: () => timed(() => roundTrips(draft)),
          rounds: quick ? 5 : 41,
          warmupRounds: 5,
          signal,
        })
        latency = result.ratio
        log(
          `latency: ${result.subject.toFixed(1)} ms against ${result.baseline.toFixed(1)} ms for ${ROUND_TRIPS} round trips; noise ${percent(result.noise)}`,
        )
        await injectLatency(lab.cdns, 0)
      }
      const perRound = quick ? 64 : 320
      const result = await compareInterleaved({
        subject: () => perSecond(perRound, () => subject.create()),
        baseline: () => perSecond(perRound, () => bare.run()),
        rounds,
        warmupRounds: 2,
        signal,
      })
      ratios[kind] = result.ratio
      log(
        `${kind}: ${result.subject.toFixed(0)} creations/s against ${result.baseline.toFixed(0)} bare; noise ${percent(result.noise)}`,
      )
    }
    return {
      latency_ratio: latency,
      throughput_ratio_embedded: ratios.embedded,
      throughput_ratio_redis: ratios.redis,
      startup_seconds: median(startup),
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  let left = count
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await work()
    }
  }
  const ms = await timed(() => Promise.all(Array.from({ length: IN_FLIGHT }, worker)))
  return (count / ms) * 1000
}

/** The bound: plain creations after each other at one CDN. */
async function roundTrips(cdn: RunningLabCdn | undefined): Promise<void> {
  if (cdn === undefined) throw new Error('the lab has three CDNs')
  for (let trip = 0; trip < ROUND_TRIPS; trip += 1) {
    const response = await request(`${cdn.apiUrl}/moq/scopes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${cdn.apiToken}`, 'content-type': 'application/json' },
      body: '{}',
    })
    await response.body.json()
  }
}

async function injectLatency(cdns: readonly RunningLabCdn[], latencyMs: number): Promise<void> {
  for (const cdn of cdns) {
    const response = await request(`${cdn.adminUrl}/fault`, {
      method: latencyMs === 0 ? 'DELETE' : 'PUT',
      ...(latencyMs === 0
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ latencyMs }) }),
    })
    await response.body.dump()
  }
}

/** From the start of the process to the first 200 of `/readyz`, on an empty data folder. */
async function startupSeconds(data: string, signal: AbortSignal): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const start = performance.now()
  const child = spawn(
    process.execPath,
    [join(DIST, 'broker/cli/main.js'), 'start', '--data', data, '--port', String(port)],
    { stdio: 'ignore' },
  )
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  try {
    for (;;) {
      signal.throwIfAborted()
      if (child.exitCode !== null) throw new Error(`the broker ended with ${child.exitCode} before it was ready`)
      if (await isReady(port)) return (performance.now() - start) / 1000
      if (performance.now() - start > 30_000) throw new Error('the broker was not ready within 30 s')
    }
  } finally {
    child.kill('SIGTERM')
    await exited
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    const response = await request(`http://127.0.0.1:${port}/readyz`, { headersTimeout: 1_000 })
    await response.body.dump()
    return response.statusCode === 200
  } catch {
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
    return false
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}
