import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BareAnswer } from './bare-http-server.ts'
import { HALF, type LoadOrder, LoadResult } from './http-loader.ts'

/** On a machine with two cores or more, servers and loaders do not share one. */
const PINNED = spawnSync('taskset', ['--version']).error === undefined
const HAS_WRK = spawnSync('wrk', ['--version']).error === undefined
const SERVER_CORE = '0'
const LOADER_CORE = '1'

/** Starts a process of ours, a server or a loader on its core. */
export function startPinned(
  role: 'server' | 'loader',
  command: readonly [string, ...string[]],
  options: { readonly env?: NodeJS.ProcessEnv; readonly output?: number } = {},
): ChildProcess {
  const core = role === 'server' ? SERVER_CORE : LOADER_CORE
  const [program, ...args] = PINNED ? (['taskset', '-c', core, ...command] as const) : command
  return spawn(program, args, {
    stdio: ['ignore', options.output ?? 'pipe', options.output ?? 'inherit'],
    ...(options.env === undefined ? {} : { env: options.env }),
  })
}

function tsxCommand(file: string, argument: object): readonly [string, ...string[]] {
  return [process.execPath, '--import', 'tsx', fileURLToPath(new URL(file, import.meta.url)), JSON.stringify(argument)]
}

export interface BareServer extends AsyncDisposable {
  readonly port: number
  readonly pid: number
}

/** A `node:http` server that does nothing but answer. */
export async function startBareServer(answer: BareAnswer): Promise<BareServer> {
  const child = startPinned('server', tsxCommand('./bare-http-server.ts', answer))
  const [line] = await once(child.stdout ?? child, 'data')
  return {
    port: Number(String(line)),
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

/** Runs our own loader. `onHalf` is called when half of its time is over. */
export async function runLoader(order: LoadOrder, onHalf: () => void = () => {}): Promise<LoadResult> {
  const child = startPinned('loader', tsxCommand('./http-loader.ts', order))
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (text.includes(HALF)) onHalf()
  })
  await once(child, 'close')
  return LoadResult.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''))
}

export interface Throughput {
  readonly perSecond: number
  /** Processor time of the server for one request, microseconds. */
  readonly cpuUs: number
}

/** As many requests as go, over kept connections: by wrk where it is installed, else by our own loader. */
export async function measureThroughput(order: LoadOrder, pid: number, luaFile: string): Promise<Throughput> {
  const before = cpuSeconds(pid)
  const { requests, seconds } = HAS_WRK ? await runWrk(order, luaFile) : await runClosed(order)
  return { perSecond: requests / seconds, cpuUs: ((cpuSeconds(pid) - before) / requests) * 1e6 }
}

interface Counted {
  readonly requests: number
  readonly seconds: number
}

async function runClosed(order: LoadOrder): Promise<Counted> {
  const { requests, failed } = await runLoader(order)
  if (failed > 0) throw new Error(`${failed} of ${requests} requests failed`)
  return { requests, seconds: order.seconds }
}

async function runWrk({ port, connections, seconds }: LoadOrder, luaFile: string): Promise<Counted> {
  const time = `${Math.ceil(seconds)}s`
  const url = `http://127.0.0.1:${port}`
  const child = startPinned('loader', [
    'wrk',
    '-t1',
    `-c${connections}`,
    `-d${time}`,
    '--timeout',
    '10s',
    '-s',
    luaFile,
    url,
  ])
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  await once(child, 'close')
  const counted = /(\d+) requests in ([\d.]+)s/.exec(output)
  if (counted === null || /Non-2xx|Socket errors/.test(output)) throw new Error(`wrk failed:\n${output}`)
  return { requests: Number(counted[1]), seconds: Number(counted[2]) }
}

/** A wrk script that asks for the paths of a file in turn. */
export function wrkScript(order: Pick<LoadOrder, 'pathsFile' | 'header'>): string {
  const [name = '', value = ''] = order.header.split(': ')
  return `local requests, at = {}, 0
function init()
  wrk.headers["Host"] = "bench.example"
  wrk.headers["${name}"] = "${value}"
  for line in io.lines("${order.pathsFile}") do requests[#requests + 1] = wrk.format("GET", line) end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
`
}

/** User and system time of a process and its threads. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
