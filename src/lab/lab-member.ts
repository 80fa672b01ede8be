import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { LabLog } from './call-log.ts'
import { type CdnProcess, type ProcessExit, startCdnProcess } from './cdn-process.ts'
import { labPublication } from './footprints.ts'
import type { LabCdnOptions, LabCdnUrls } from './lab-config.ts'
import type { LabCdnIdentity } from './lab-file.ts'

/** One CDN of a running lab. */
export interface RunningLabCdn extends LabCdnUrls, Pick<LabCdnOptions, 'name' | 'kind' | 'apiToken' | 'accountId'> {
  /** Of its latest process, which may have ended. */
  readonly pid: number
}

export interface LabMemberOptions {
  readonly dataDir: string
  readonly host: string
  readonly entry: string
  readonly execArgv?: readonly string[]
  readonly log: LabLog
}

/** One CDN of the lab, over the processes that serve it one after the other. */
export class LabMember {
  readonly identity: LabCdnIdentity
  readonly #options: LabMemberOptions
  readonly #exitCallbacks: ((exit: ProcessExit) => void)[] = []
  /** Starts and stops happen one after another. */
  #lastTask: Promise<void> = Promise.resolve()
  #process: CdnProcess | undefined
  #description: RunningLabCdn | undefined

  constructor(options: LabMemberOptions, identity: LabCdnIdentity) {
    this.#options = options
    this.identity = identity
  }

  get description(): RunningLabCdn | undefined {
    return this.#description
  }

  onExit(callback: (exit: ProcessExit) => void): void {
    this.#exitCallbacks.push(callback)
  }

  start(): Promise<void> {
    return this.#inTurn(() => this.#start())
  }

  stop(): Promise<void> {
    return this.#inTurn(() => this.#stop())
  }

  restart(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#stop()
      await this.#start()
    })
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const done = this.#lastTask.then(task)
    this.#lastTask = done.catch(() => undefined)
    return done
  }

  async #start(): Promise<void> {
    const { host, entry, execArgv = [], log } = this.#options
    const { name, kind, apiToken, accountId } = this.identity
    const dataDir = join(this.#options.dataDir, name)
    const publication = labPublication(name, `http://${host}:${this.identity.ports.fci}`)
    await mkdir(dataDir, { recursive: true })
    const process = await startCdnProcess({
      entry,
      execArgv,
      options: { ...this.identity, host, dataDir, ...publication },
      logPath: join(dataDir, 'log.jsonl'),
      appendLog: this.#description !== undefined,
    })
    const { pid, apiUrl, fciUrl, relayUrl, adminUrl } = process.ready
    this.#process = process
    this.#description = { name, kind, pid, apiUrl, fciUrl, relayUrl, adminUrl, apiToken, accountId }
    log('lab.cdn.started', { cdn: name, pid })
    // Its end is told when it comes; until then there is nothing to wait for.
    void process.exited.then((exit) => this.#onProcessExit(process, exit))
  }

  async #stop(): Promise<void> {
    const process = this.#process
    this.#process = undefined
    await process?.stop()
  }

  #onProcessExit(process: CdnProcess, exit: ProcessExit): void {
    if (this.#process !== process) return
    this.#process = undefined
    const { pid } = process.ready
    this.#options.log('lab.cdn.died', { cdn: this.identity.name, pid, how: exit.signal ?? `code ${exit.code}` })
    for (const callback of this.#exitCallbacks) callback(exit)
  }
}
