import { createReadStream, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { request } from 'undici'
import type { RunBenchmark } from './benchmark-command.ts'
import { measureThroughput, runLoader, startBareServer, type Throughput, wrkScript } from './http-load.ts'
import type { LoadOrder } from './http-loader.ts'
import { type RouteSubject, startRouteSubject } from './route-subject.ts'
import { median } from './statistics.ts'

const CONNECTIONS = 64
const DISTINCT_CLIENTS = 20_000
const REQUESTS = 50_000
const WARMUP_ROUNDS = 2
/** In a German range of the data. */
const SWAP_CLIENT = '2.160.0.1'

/**
 * The built broker as one process (real geo data, three CDNs, a scope with connect URLs, key check, metrics, access
 * log) side by side with a bare `node:http` server that sends a fixed answer of the same size; servers and loaders on a
 * core each, clients by Zipf's law.
 * - `route_ratio`, `redirect_ratio`: requests per second to those of the bare server, medians of interleaved rounds.
 * - `route_p99_ratio`: the 99th percentile of the time to answer at half of the broker's throughput, to that of the
 *   bare server at the same rate; time counts from when a request was due.
 * - `swap_failed`: failed or mixed answers while the coverage map is replaced again and again under full load.
 * - `swap_p99_ratio`: the 99th percentile during the replacements to that before them.
 */
export const run: RunBenchmark = async ({ quick, signal, log }) => {
  const root = await mkdtemp(join(tmpdir(), 'moq-broker-bench-'))
  try {
    await using subject = await startRouteSubject(root)
    const clients = await sampleClients(subject.geoFile)
    const rounds = quick ? 1 : 7
    const seconds = quick ? 1 : 3
    const measure = createMeasure({ root, subject, rounds, seconds, signal, log })

    const route = await measure(
      'route',
      200,
      zipf(clients, REQUESTS).map((client) => `/route?client=${client}&scope=${subject.scope}`),
    )
    const redirect = await measure(
      'redirect',
      302,
      zipf(clients, REQUESTS).map((_, index) => `/r/${subject.scope}/live/segment-${index}.m4s`),
    )
    const swap = await measureSwap(subject, root, quick ? 4 : 12)
    log(
      `swap: ${swap.requests} requests, ${swap.failed} failed, p99 ${swap.halves.map((ms) => ms.toFixed(2)).join(' and ')} ms`,
    )
    return {
      route_ratio: route.ratio,
      route_p99_ratio: route.p99Ratio,
      redirect_ratio: redirect.ratio,
      swap_failed: swap.failed,
      swap_p99_ratio: swap.halves[1] / swap.halves[0],
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

interface Measuring {
  readonly root: string
  readonly subject: RouteSubject
  readonly rounds: number
  readonly seconds: number
  readonly signal: AbortSignal
  readonly log: (line: string) => void
}

interface Measured {
  readonly ratio: number
  readonly p99Ratio: number
}

function createMeasure({ root, subject, rounds, seconds, signal, log }: Measuring) {
  return async (name: string, status: number, paths: readonly string[]): Promise<Measured> => {
    const pathsFile = join(root, `${name}.paths`)
    const luaFile = join(root, `${name}.lua`)
    writeFileSync(pathsFile, `${paths.join('\n')}\n`)
    writeFileSync(luaFile, wrkScript({ pathsFile, header: subject.header }))
    const common = { pathsFile, header: subject.header, connections: CONNECTIONS, seconds, status }
    const bare = await startBareServer(await answerLike(subject, paths[0] ?? '/'))
    await using _bare = bare
    const ours: LoadOrder = { ...common, port: subject.port }
    const theirs: LoadOrder = { ...common, port: bare.port }

    const samples: { readonly subject: Throughput; readonly bare: Throughput }[] = []
    // Rounds that do not count: the broker has more code to warm up than a bare server.
    for (let round = -WARMUP_ROUNDS; round < rounds; round += 1) {
      signal.throwIfAborted()
      const sample = {
        subject: await measureThroughput(ours, subject.pid, luaFile),
        bare: await measureThroughput(theirs, bare.pid, luaFile),
      }
      if (round >= 0) samples.push(sample)
    }
    const ratio = median(samples.map((sample) => sample.subject.perSecond / sample.bare.perSecond))
    const cpuRatio = median(samples.map((sample) => sample.bare.cpuUs / sample.subject.cpuUs))
    const perSecond = median(samples.map((sample) => sample.subject.perSecond))
    log(
      `${name}: ${perSecond.toFixed(0)} requests/s, ${ratio.toFixed(3)} of bare; processor time ${median(samples.map((sample) => sample.subject.cpuUs)).toFixed(1)} us, ${cpuRatio.toFixed(3)} of bare`,
    )

    const p99s: { readonly subject: number; readonly bare: number }[] = []
    for (let round = 0; round < rounds; round += 1) {
      signal.throwIfAborted()
      const rate = perSecond / 2
      const [subjectRun, bareRun] = [await runLoader({ ...ours, rate }), await runLoader({ ...theirs, rate })]
      if (subjectRun.failed > 0)
        throw new Error(`${subjectRun.failed} of ${subjectRun.requests} answers were no ${status}`)
      p99s.push({ subject: subjectRun.p99Ms, bare: bareRun.p99Ms })
    }
    const p99Ratio = median(p99s.map((p99) => p99.subject / p99.bare))
    log(
      `${name} at half load: p99 ${median(p99s.map((p99) => p99.subject)).toFixed(2)} ms, ${p99Ratio.toFixed(2)} of bare`,
    )
    return { ratio, p99Ratio }
  }
}

/** A fixed answer of the same status and size as the broker's. */
async function answerLike(subject: RouteSubject, path: string): Promise<Parameters<typeof startBareServer>[0]> {
  const [name = '', value = ''] = subject.header.split(': ')
  const answer = await request(`http://127.0.0.1:${subject.port}${path}`, {
    headers: { [name]: value, host: 'bench.example' },
  })
  const { length } = await answer.body.bytes()
  const { 'content-type': type, location } = answer.headers
  if (answer.statusCode >= 400) throw new Error(`the broker answered ${answer.statusCode} to ${path}`)
  return {
    status: answer.statusCode,
    bodyBytes: length,
    headers: {
      ...(typeof type === 'string' ? { 'Content-Type': type } : {}),
      ...(typeof location === 'string' ? { Location: location } : {}),
    },
  }
}

/** Full load for one client, whose answer changes with each of the advertisements that come in the second half. */
async function measureSwap(subject: RouteSubject, root: string, seconds: number) {
  const pathsFile = join(root, 'swap.paths')
  writeFileSync(pathsFile, `/route?client=${SWAP_CLIENT}&scope=${subject.scope}\n`)
  const order: LoadOrder = {
    port: subject.port,
    pathsFile,
    header: subject.header,
    connections: CONNECTIONS,
    seconds,
    status: 200,
  }
  const swapping = new AbortController()
  const swaps: Promise<void>[] = []
  const result = await runLoader(order, () => swaps.push(swapAgainAndAgain(subject, swapping.signal)))
  swapping.abort()
  await Promise.all(swaps)
  // With and without the changed advertisement; anything else mixes the two.
  const mixed = Math.max(0, result.bodies - 2)
  if (result.bodies < 2) throw new Error('no advertisement reached the answers while they were measured')
  return { ...result, failed: result.failed + mixed }
}

async function swapAgainAndAgain(subject: RouteSubject, signal: AbortSignal): Promise<void> {
  for (let isOn = true; !signal.aborted; isOn = !isOn) {
    await subject.advertise(isOn)
    // As long as the broker takes to poll it.
    await new Promise((resolve) => {
      setTimeout(resolve, 1_100)
    })
  }
  await subject.advertise(false)
}

/** First addresses of ranges all over the data, in a fixed order. */
async function sampleClients(file: string): Promise<readonly string[]> {
  const clients: string[] = []
  let line = 0
  for await (const text of createInterface({ input: createReadStream(file) })) {
    if (line++ % 16 === 0 && clients.length < DISTINCT_CLIENTS) clients.push(text.slice(0, text.indexOf(',')))
  }
  return clients
}

/** Draws by Zipf's law (s = 1), the same ones in every run. */
function zipf(clients: readonly string[], count: number): readonly string[] {
  const random = createRandom(7)
  const total = Math.log(clients.length)
  return Array.from({ length: count }, () => {
    const rank = Math.min(clients.length - 1, Math.floor(Math.exp(random() * total)) - 1)
    // Neighbours in rank should not be neighbours in address space.
    return clients[(rank * 7_919) % clients.length] ?? ''
  })
}

/** Park and Miller's minimal standard. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
