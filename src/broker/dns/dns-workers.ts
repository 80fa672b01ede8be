import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { DnsConfig } from '../config/dns-schema.ts'
import { addDnsTotals, type DnsTotals, NO_DNS_TOTALS } from './dns-counters.ts'
import { addressesOf, type DnsServer, type DnsServerDeps, type WorkerProgram } from './dns-server.ts'
import { createWorkerAnswers } from './worker-answers.ts'
import { FromWorker, type ToWorker } from './worker-messages.ts'

/** A version that changed reaches the workers within this time. */
const CHANGES_EVERY_MS = 100
const FIRST_RESTART_MS = 100
const SLOWEST_RESTART_MS = 5_000
/** A worker that ran so long was well: the next restart is quick again. */
const WELL_AFTER_MS = 10_000
const STOP_WITHIN_MS = 3_000

type Addresses = DnsServer['addresses']

/**
 * Several processes that share each port: the system hands a datagram to whichever is free. Each keeps the answers that
 * this process decided, and asks it for others. One that dies is started again.
 */
export async function startDnsWorkers(
  config: DnsConfig,
  deps: DnsServerDeps,
  program: WorkerProgram,
): Promise<DnsServer> {
  const { source, log, now } = deps
  const answers = createWorkerAnswers(source)
  const workers = new Map<Worker, { totals: DnsTotals }>()
  const timers = new Set<NodeJS.Timeout>()
  let ended: DnsTotals = NO_DNS_TOTALS
  let stopping = false
  let restartMs = FIRST_RESTART_MS
  const start: ToWorker = {
    kind: 'start',
    config,
    cookieSecret: Buffer.from(deps.cookieSecret).toString('hex'),
    scopeNames: [...deps.scopeNames],
    versioned: source.version(undefined) !== undefined,
  }

  function launch(): Promise<Addresses> {
    cluster.setupPrimary({ exec: program.entry, args: [], execArgv: [...program.execArgv] })
    const worker = cluster.fork()
    const state = { totals: NO_DNS_TOTALS }
    workers.set(worker, state)
    const startedAt = now()
    return new Promise<Addresses>((resolve, reject) => {
      worker.on('message', (received: unknown) => {
        const message = FromWorker.parse(received)
        switch (message.kind) {
          case 'ready':
            tell(worker, start)
            return
          case 'listening':
            resolve(addressesOf(message.listeners))
            return
          case 'failed':
            reject(Object.assign(new Error(message.message), message.code === undefined ? {} : { code: message.code }))
            return
          case 'asks':
            answers.answer(message.asks, (told) => tell(worker, told))
            return
          case 'totals':
            state.totals = message.totals
        }
      })
      // A pipe that breaks as its process ends; the end itself is told below.
      worker.on('error', () => undefined)
      worker.once('exit', (code: number | null, signal: string | null) => {
        workers.delete(worker)
        ended = addDnsTotals(ended, state.totals)
        const how = signal ?? `exit code ${code ?? 'unknown'}`
        // Its last words may still be under way, and say more.
        setImmediate(() => reject(new Error(`a DNS process ended before it listened (${how})`)))
        if (!stopping) restart(worker, how, now() - startedAt)
      })
    })
  }

  function restart(worker: Worker, how: string, ranMs: number): void {
    restartMs = ranMs >= WELL_AFTER_MS ? FIRST_RESTART_MS : Math.min(2 * restartMs, SLOWEST_RESTART_MS)
    log('dns.worker_ended', { pid: worker.process.pid ?? 0, how, restart_ms: restartMs })
    const timer = setTimeout(() => {
      timers.delete(timer)
      // Its end is told, and tried again, where it is noticed: above.
      void launch().catch(() => undefined)
    }, restartMs)
    timers.add(timer)
  }

  async function stop(): Promise<void> {
    stopping = true
    clearInterval(telling)
    for (const timer of timers) clearTimeout(timer)
    await Promise.all([...workers.keys()].map(stopWorker))
  }

  const telling = setInterval(() => {
    for (const message of answers.changes()) for (const worker of workers.keys()) tell(worker, message)
  }, CHANGES_EVERY_MS)

  try {
    // The restarts of a failed start would only fail again.
    stopping = true
    const [addresses = []] = await Promise.all(Array.from({ length: config.processes }, launch))
    stopping = false
    return {
      addresses,
      totals: () => [...workers.values()].reduce((sum, { totals }) => addDnsTotals(sum, totals), ended),
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function tell(worker: Worker, message: ToWorker): void {
  // A worker that ends meanwhile says why itself; without a callback the broken pipe would be said first.
  if (worker.isConnected()) worker.send(message, () => undefined)
}

async function stopWorker(worker: Worker): Promise<void> {
  if (worker.isDead()) return
  const exited = once(worker, 'exit')
  tell(worker, { kind: 'stop' })
  const force = setTimeout(() => worker.process.kill('SIGKILL'), STOP_WITHIN_MS)
  await exited
  clearTimeout(force)
}
