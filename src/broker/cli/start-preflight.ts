import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { openStore } from '../store/open-store.ts'
import { CliFailure } from './cli-failure.ts'
import { EXIT } from './exit-codes.ts'

export interface Preflight {
  readonly storePath: string
  readonly host: string
  readonly port: number
  readonly now: () => number
}

/**
 * Looks whether the data folder and the port can be had, before three CDNs are started in vain. Throws `StoreError`
 * (`locked`, say), `CliFailure` or a file error of Node's.
 */
export async function checkBeforeStart({ storePath, host, port, now }: Preflight): Promise<void> {
  await mkdir(dirname(storePath), { recursive: true })
  const store = await openStore({ kind: 'embedded', path: storePath }, { now, log: { warn: () => undefined } })
  await store[Symbol.asyncDispose]()
  if (port === 0 || !(await isTaken(host, port))) return
  throw new CliFailure(`${host}:${port} is in use by another program, perhaps another broker`, {
    exitCode: EXIT.failure,
    lines: ['Stop that one, or choose another port: npm start -- --port N'],
  })
}

/** Of other reasons why nobody could listen there, the broker tells when it starts. */
async function isTaken(host: string, port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen({ host, port }), 'listening')
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  }
  server.close()
  await once(server, 'close')
  return false
}
