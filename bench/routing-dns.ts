import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { BenchmarkOptions } from './benchmark-command.ts'
import { SUBNETS, writeDnsBroker } from './dns-world.ts'
import { type ComparisonResult, compareInterleaved } from './interleaved-rounds.ts'

/** Bytes of the answer: header, question, one address by pointer, OPT with client subnet. */
const ANSWER_BYTES = 12 + 21 + 16 + 22
const LOADERS = 2
const OUTSTANDING = 128

/**
 * What a DNS answer costs: `dns_ratio`, answers per second of processor time of a broker that serves DNS (8 CDNs, 200
 * footprints, real geo data, 40 960 client subnets in turn) against those of a bare `dgram` socket that sends an answer
 * of the same size; `dns_ratio_all_cores`, the same with as many processes as there are cores, on both sides.
 *
 * A server that does nothing else is as fast as its processor time allows. That is what is counted, of all of its
 * processes, and not answers per second of the clock: the loaders run on the same machine, and would be measured too.
 */
export async function run({ quick, signal, log }: BenchmarkOptions): Promise<Readonly<Record<string, number>>> {
  build()
  const folder = await mkdtemp(join(tmpdir(), 'moq-broker-bench-dns-'))
  const started: Served[] = []
  try {
    const loaders = await Promise.all(Array.from({ length: LOADERS }, startLoader))
    started.push(...loaders.map((child) => ({ child, port: 0, pids: [] })))
    const compare = async (processes: number): Promise<ComparisonResult> => {
      const passes = processes === 1 ? 1 : 4
      const subject = await serveBroker(join(folder, String(processes)), processes)
      const baseline = await serve('dns-echo.ts', [String(ANSWER_BYTES), String(processes)])
      started.push(subject, baseline)
      // Every process answers for every network once before anything is measured.
      await Promise.all(
        loaders.map((loader, index) => order(loader, subject.port, index, { answers: passes * SUBNETS })),
      )
      const milliseconds = quick ? 500 : 1_000
      const result = await compareInterleaved({
        subject: () => answersPerCpuSecond(subject, loaders, milliseconds),
        baseline: () => answersPerCpuSecond(baseline, loaders, milliseconds),
        rounds: quick ? 3 : 11,
        warmupRounds: quick ? 1 : 3,
        signal,
      })
      await Promise.all([stop(subject), stop(baseline)])
      log(
        `DNS, ${processes} process${processes === 1 ? '' : 'es'}: ${perAnswer(result.subject)} us of processor time per ` +
          `answer, bare socket ${perAnswer(result.baseline)} us; noise ${result.noise.toFixed(2)}`,
      )
      return result
    }
    const single = await compare(1)
    const all = await compare(Math.max(2, availableParallelism()))
    return { dns_ratio: single.ratio, dns_ratio_all_cores: all.ratio }
  } finally {
    await Promise.all(started.map(stop))
    await rm(folder, { recursive: true, force: true })
  }
}

function perAnswer(answersPerSecond: number): string {
  return (1e6 / answersPerSecond).toFixed(2)
}

interface Served {
  readonly child: ChildProcess
  readonly port: number
  readonly pids: readonly number[]
}

const Ready = z.object({ port: z.number(), pids: z.array(z.number()) })
const LogLine = z.looseObject({ event: z.string(), port: z.number().optional() })
const Counted = z.object({ answers: z.number() })

function start(program: string, args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(program, import.meta.url)), [...args], { execArgv: process.execArgv })
}

async function serve(program: string, args: readonly string[]): Promise<Served> {
  const child = start(program, args)
  return { child, ...Ready.parse(await firstMessage(child, program)) }
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The built broker, as an operator starts it. */
async function serveBroker(folder: string, processes: number): Promise<Served> {
  const config = await writeDnsBroker(folder, processes)
  const child = spawn(process.execPath, [join(ROOT, 'dist/broker/cli/main.js'), 'serve', '--config', config], {
    env: { TOKEN: 'of-no-use-here' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let port = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const event = LogLine.parse(JSON.parse(line))
    if (event.event === 'dns.listening') port = event.port ?? 0
    if (event.event === 'broker.ready') break
  }
  if (port === 0) throw new Error('the broker ended before it served DNS')
  child.stdout.resume()
  const pid = child.pid ?? 0
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')
  return { child, port, pids: [pid, ...children.filter((text) => text !== '').map(Number)] }
}

function build(): void {
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`npm run build failed:\n${built.stdout}${built.stderr}`)
}

async function startLoader(): Promise<ChildProcess> {
  const child = start('dns-loader.ts', [])
  await firstMessage(child, 'dns-loader.ts')
  return child
}

async function firstMessage(child: ChildProcess, program: string): Promise<unknown> {
  const settled = new AbortController()
  const { signal } = settled
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error(`${program} ended too early`)
  })
  ended.catch(() => undefined)
  try {
    const [message]: unknown[] = await Promise.race([once(child, 'message', { signal }), ended])
    return message
  } finally {
    settled.abort()
  }
}

async function stop({ child }: Served): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  if (child.connected) child.send('stop')
  else child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await exited
  clearTimeout(force)
}

async function answersPerCpuSecond(
  { port, pids }: Served,
  loaders: readonly ChildProcess[],
  milliseconds: number,
): Promise<number> {
  const before = await cpuSeconds(pids)
  const counts = await Promise.all(loaders.map((loader, index) => order(loader, port, index, { milliseconds })))
  const spent = (await cpuSeconds(pids)) - before
  return counts.reduce((sum, count) => sum + count, 0) / spent
}

const LONGEST_MS = 60_000

/** Lets a loader run and tells how many answers it got. */
async function order(
  loader: ChildProcess,
  port: number,
  index: number,
  until: { readonly milliseconds?: number; readonly answers?: number },
): Promise<number> {
  const counted = firstMessage(loader, 'dns-loader.ts')
  const offset = (index * SUBNETS) / LOADERS
  loader.send({ port, milliseconds: LONGEST_MS, outstanding: OUTSTANDING, offset, ...until })
  return Counted.parse(await counted).answers
}

/** Hundredths of a second are what Linux counts in. */
const TICKS_PER_SECOND = 100

async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const ticks = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      // Behind the name, which may hold anything, come the state and then the numbers.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(fields[11]) + Number(fields[12])
    }),
  )
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_PER_SECOND
}
