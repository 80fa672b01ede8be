import type { Log } from '../log.ts'
import { type AskingSource, createAskingSource } from './asking-source.ts'
import { DnsCounters } from './dns-counters.ts'
import { closeListeners, openListeners } from './dns-listeners.ts'
import { createResponder } from './dns-settings.ts'
import type { DnsListener } from './udp-listener.ts'
import { type FromWorker, ToWorker } from './worker-messages.ts'

/** What a worker needs of its process: the channel to the one that started it. */
export interface WorkerProcess {
  send?(message: unknown): boolean
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
  on(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
  disconnect?(): void
}

export interface WorkerClock {
  readonly now: () => number
  readonly random: () => number
}

interface Running {
  readonly source: AskingSource
  readonly counters: DnsCounters
  readonly listeners: readonly DnsListener[]
  readonly report: NodeJS.Timeout
}

const REPORT_EVERY_MS = 1_000

/**
 * Answers DNS queries beside other processes on the same port. Decisions come from the broker's process; without it
 * this one ends.
 */
export function runDnsWorker(host: WorkerProcess, clock: WorkerClock): void {
  const send = (message: FromWorker): void => {
    host.send?.(message)
  }
  // The broker hears of a Ctrl-C too, and stops this process in order.
  host.on('SIGINT', () => undefined)
  host.on('SIGTERM', () => undefined)
  let running: Promise<Running> | undefined

  async function start(message: Extract<ToWorker, { kind: 'start' }>): Promise<Running> {
    const counters = new DnsCounters()
    const source = createAskingSource({
      send: (asks) => send({ kind: 'asks', asks: [...asks] }),
      soon: (task) => setImmediate(task),
      now: () => performance.now(),
      versioned: message.versioned,
    })
    const log: Log = () => undefined
    const responder = createResponder(message.config, {
      source,
      counters,
      ...clock,
      cookieSecret: Buffer.from(message.cookieSecret, 'hex'),
      scopeNames: message.scopeNames,
    })
    const listeners = await openListeners(message.config, { responder, counters, log })
    send({ kind: 'listening', listeners: listeners.map(({ host: address, port }) => ({ host: address, port })) })
    const report = setInterval(() => {
      source.giveUpOld()
      send({ kind: 'totals', totals: totalsOf(counters) })
    }, REPORT_EVERY_MS)
    return { source, counters, listeners, report }
  }

  async function stop(): Promise<void> {
    const was = await running
    running = undefined
    if (was === undefined) return
    clearInterval(was.report)
    await closeListeners(was.listeners)
    was.source.giveUp()
    send({ kind: 'totals', totals: totalsOf(was.counters) })
    host.disconnect?.()
  }

  host.on('disconnect', () => {
    // Without the broker nobody decides. A process that no longer listens has nothing left to do and ends.
    void stop()
  })
  host.on('message', (received) => {
    const message = ToWorker.parse(received)
    switch (message.kind) {
      case 'start':
        running = start(message)
        running.catch((error: unknown) => {
          running = undefined
          send({ kind: 'failed', message: error instanceof Error ? error.message : 'unknown', ...codeOf(error) })
          host.disconnect?.()
        })
        return
      case 'told':
        void running?.then(({ source }) => source.take(message.told))
        return
      case 'version':
        void running?.then(({ source }) => source.noteVersion(message.scope, message.version))
        return
      case 'stop':
        void stop()
    }
  })
  send({ kind: 'ready' })
}

function totalsOf(counters: DnsCounters): Extract<FromWorker, { kind: 'totals' }>['totals'] {
  const { answers, limited, timed, timedSeconds } = counters.totals()
  return { answers, limited, timed: [...timed], timedSeconds }
}

function codeOf(error: unknown): { readonly code?: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
}
