import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { z } from 'zod'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROGRAM = join(ROOT, 'dist/broker/cli/main.js')
const WITHIN_MS = 30_000

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The built program, running. It is killed when the test has finished. */
export interface BrokerProcess {
  readonly pid: number
  stdout(): string
  stderr(): string
  /** Resolves with the match once it stands on stdout or stderr; fails with everything said when it does not come. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  /** Resolves when the process and everybody who holds its output have ended. */
  readonly ended: Promise<Ended>
}

/** A new folder that is deleted when the test has finished. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'moq-broker-e2e-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Starts the built program with these arguments and nothing of this process's environment but the path. */
export function startProgram(args: readonly string[], env: Readonly<Record<string, string>> = {}): BrokerProcess {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'close')
  })
  return follow(child)
}

/** Runs a command of the program to its end. */
export function runProgram(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return startProgram(args, env).ended
}

function follow(child: ChildProcess): BrokerProcess {
  let stdout = ''
  let stderr = ''
  const listeners = new Set<() => void>()
  const heard = (): void => {
    for (const listener of listeners) listener()
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    heard()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    heard()
  })
  const ended = once(child, 'close').then(() => {
    heard()
    return { code: child.exitCode, stdout, stderr }
  })
  return {
    pid: child.pid ?? -1,
    stdout: () => stdout,
    stderr: () => stderr,
    kill: (signal) => {
      child.kill(signal)
    },
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const settle = (act: () => void): void => {
          clearTimeout(timer)
          listeners.delete(look)
          act()
        }
        const fail = (why: string): void =>
          settle(() => reject(new Error(`${pattern} was not said: ${why}. stdout:\n${stdout}\nstderr:\n${stderr}`)))
        const look = (): void => {
          const match = pattern.exec(stdout) ?? pattern.exec(stderr)
          if (match !== null) settle(() => resolve(match))
          else if (child.exitCode !== null || child.signalCode !== null) fail('the program has ended')
        }
        const timer = setTimeout(() => fail(`not within ${WITHIN_MS} ms`), WITHIN_MS)
        listeners.add(look)
        look()
      }),
  }
}

/** A broker in front of the lab that has shown its table. */
export interface RunningStart extends BrokerProcess {
  readonly url: string
  readonly scopeId: string
  /** Only where it printed one. */
  readonly key: string | undefined
}

/** `moq-broker start` on free ports, once it is ready. */
export async function startLabBroker(data: string, ...more: readonly string[]): Promise<RunningStart> {
  const program = startProgram(['start', '--data', data, '--port', '0', '--first-port', '0', ...more])
  await program.says(/Ctrl-C stops everything/)
  const said = program.stdout()
  return {
    ...program,
    url: /^ +broker +(http:\S+)$/m.exec(said)?.[1] ?? '',
    scopeId: /^Scope demo {2}(\S+)/m.exec(said)?.[1] ?? '',
    key: /mqb_\w{10}_[\w-]{43}/.exec(said)?.[0],
  }
}

const LogLine = z.looseObject({ event: z.string(), pid: z.number().optional(), cdn: z.string().optional() })

/** Process ids of the lab's CDNs, by name, as of the latest start. */
export function labPids(data: string): ReadonlyMap<string, number> {
  const lines = readFileSync(join(data, 'broker.log'), 'utf8').trim().split('\n')
  return new Map(
    lines
      .map((line) => LogLine.parse(JSON.parse(line)))
      .flatMap(({ event, cdn, pid }) =>
        event === 'lab.cdn.started' && cdn !== undefined && pid !== undefined ? [[cdn, pid] as const] : [],
      ),
  )
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Resolves when none of the processes is left. */
export async function allGone(pids: Iterable<number>): Promise<void> {
  const left = [...pids]
  const deadline = performance.now() + WITHIN_MS
  while (left.some(isAlive)) {
    if (performance.now() > deadline) throw new Error(`still alive: ${left.filter(isAlive).join(', ')}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}
