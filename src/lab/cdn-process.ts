import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { API_TOKEN_VARIABLE, type LabCdnOptions, type LabCdnReady } from './lab-config.ts'

const READY_DEADLINE_MS = 20_000
const STOP_DEADLINE_MS = 5_000

const readySchema: z.ZodType<LabCdnReady> = z.object({
  ready: z.literal(true),
  name: z.string(),
  pid: z.number().int(),
  apiUrl: z.string(),
  fciUrl: z.string(),
  relayUrl: z.string(),
  adminUrl: z.string(),
})

/** How a process ended: by itself with a code, or by a signal. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** One lab CDN in a process of its own, listening. */
export interface CdnProcess {
  readonly ready: LabCdnReady
  /** Resolves when it has ended, however. */
  readonly exited: Promise<ProcessExit>
  /** Ends it, by force if it does not end by itself within 5 s. */
  stop(): Promise<void>
}

/** How to start the process of a lab CDN. */
export interface StartCdnProcess {
  /** Path of the program: the compiled `lab/main.js`. */
  readonly entry: string
  readonly execArgv: readonly string[]
  readonly options: LabCdnOptions
  /** Where its log lines go. */
  readonly logPath: string
  /** `false`: an earlier log is dropped. */
  readonly appendLog: boolean
}

/**
 * Starts the process and waits until all its listeners are open.
 *
 * @throws Error with the last words of a process that does not get there.
 */
export async function startCdnProcess(start: StartCdnProcess): Promise<CdnProcess> {
  const { options, logPath } = start
  const { apiToken, ...open } = options
  const log = openSync(logPath, start.appendLog ? 'a' : 'w', 0o600)
  const child = fork(start.entry, [JSON.stringify(open)], {
    execArgv: [...start.execArgv],
    // Arguments can be read by every user of the machine, the environment cannot.
    env: { [API_TOKEN_VARIABLE]: apiToken },
    stdio: ['ignore', 'ignore', log, 'ipc'],
    // A Ctrl-C in the terminal is for the parent alone, which stops this process in order.
    detached: true,
  })
  closeSync(log)
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', () => resolve({ code: null, signal: null }))
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
    await exited
    clearTimeout(force)
  }

  const ready = await Promise.race([
    readyMessage(child),
    exited.then(() => undefined),
    new Promise<undefined>((resolve) => {
      setTimeout(() => resolve(undefined), READY_DEADLINE_MS).unref()
    }),
  ])
  if (ready !== undefined) return { ready, exited, stop }
  await stop()
  throw new Error(`${options.name} did not start: ${lastWords(logPath)} (log: ${logPath})`)
}

function readyMessage(child: ChildProcess): Promise<LabCdnReady> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      const ready = readySchema.safeParse(message)
      if (ready.success) resolve(ready.data)
    })
  })
}

function lastWords(logPath: string): string {
  const lines = readFileSync(logPath, 'utf8').trimEnd().split('\n')
  return lines.at(-1) || 'it said nothing'
}
