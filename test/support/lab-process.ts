import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { LabCdnReady } from '../../src/lab/lab-config.ts'

/** The program of a lab CDN, as source, and what Node needs to run it. */
export const LAB_MAIN = fileURLToPath(new URL('../../src/lab/main.ts', import.meta.url))
export const SOURCE_LOADER = ['--import', 'tsx'] as const

const readySchema: z.ZodType<LabCdnReady> = z.object({
  ready: z.literal(true),
  name: z.string(),
  pid: z.number(),
  apiUrl: z.string(),
  fciUrl: z.string(),
  relayUrl: z.string(),
  adminUrl: z.string(),
})

export interface Spawned {
  readonly process: ChildProcess
  /** Resolves with the first whole line on stdout, or with what there was when it ended. */
  readonly firstLine: Promise<string>
  /** Resolves when the process and everybody who holds its output have ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
}

/** Runs Node on these arguments, with no IPC channel, and kills it when the test has finished. */
export function spawnNode(args: readonly string[]): Spawned {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8')
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const firstLine = new Promise<string>((resolve) => {
    child.stdout.on('data', (text: string) => {
      stdout += text
      const end = stdout.indexOf('\n')
      if (end >= 0) resolve(stdout.slice(0, end))
    })
    child.stdout.on('end', () => resolve(stdout))
  })
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr }))
  return { process: child, firstLine, ended }
}

/** Starts a lab CDN as a program of its own. */
export function spawnLabCdn(options: unknown): Spawned & { readonly ready: () => Promise<LabCdnReady> } {
  const spawned = spawnNode([...SOURCE_LOADER, LAB_MAIN, JSON.stringify(options)])
  return { ...spawned, ready: async () => readySchema.parse(JSON.parse(await spawned.firstLine)) }
}
