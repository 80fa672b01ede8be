import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { ProcessExit } from './cdn-process.ts'
import { isPortFree } from './free-port.ts'
import { type LabCdnIdentity, loadLabFile } from './lab-file.ts'
import { LabMember, type LabMemberOptions, type RunningLabCdn } from './lab-member.ts'

const FIRST_PORT = 8091
const PORT_PATIENCE_MS = 3_000
const PORT_RETRY_MS = 50

/** Three reference CDNs, each in a process of its own. */
export interface Lab extends AsyncDisposable {
  /** As they are now; a restart changes the pid and nothing else. */
  readonly cdns: readonly RunningLabCdn[]
  /** Calls back for every process that ends although nobody stopped it. */
  onExit(callback: (cdn: { readonly name: string } & ProcessExit) => void): void
  /** Starts a CDN again, ending its process first if it still runs. Its ports, tokens and scopes stay. */
  restart(name: string): Promise<void>
  /** Ends all three. */
  stop(): Promise<void>
}

/**
 * `dataDir` holds `lab.json` and a folder for each CDN; `entry` is the path of the compiled `lab/main.js`, `execArgv`
 * Node's own arguments for it (a loader for sources, say).
 */
export interface StartLab extends LabMemberOptions {
  /** Ports from here on are taken where they are free; 0: any free ports. Default 8091. */
  readonly firstPort?: number
  readonly now: () => number
}

/**
 * Starts the lab and waits until it is ready. Ports, API tokens and account ids are chosen at the first start and
 * kept in `<dataDir>/lab.json`.
 *
 * @throws Error where a remembered port is in use, naming port and file, or where a CDN does not start. Nothing runs
 * then.
 */
export async function startLab(options: StartLab): Promise<Lab> {
  const { dataDir, host, firstPort = FIRST_PORT, now } = options
  const file = join(dataDir, 'lab.json')
  const identities = await loadLabFile(file, { host, firstPort })
  await requireFreePorts({ file, host, now }, identities)

  const members = identities.map((identity) => new LabMember(options, identity))
  const stop = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.stop()))
  }
  const starts = await Promise.allSettled(members.map((member) => member.start()))
  const failed = starts.find((start) => start.status === 'rejected')
  if (failed !== undefined) {
    await stop()
    throw failed.reason
  }

  return {
    get cdns() {
      return members.flatMap(({ description }) => description ?? [])
    },
    onExit(callback) {
      for (const member of members) member.onExit((exit) => callback({ name: member.identity.name, ...exit }))
    },
    async restart(name) {
      const member = members.find(({ identity }) => identity.name === name)
      if (member === undefined) throw new Error(`the lab has no CDN "${name}"`)
      await member.restart()
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Waits a little for the processes of a lab whose parent was killed a moment ago: they end by themselves. */
async function requireFreePorts(
  { file, host, now }: { readonly file: string; readonly host: string; readonly now: () => number },
  identities: readonly LabCdnIdentity[],
): Promise<void> {
  const deadline = now() + PORT_PATIENCE_MS
  for (const { name, ports } of identities) {
    for (const port of Object.values(ports)) {
      while (!(await isPortFree(host, port))) {
        if (now() >= deadline) {
          throw new Error(
            `port ${port} on ${host} for ${name} is in use by another program, perhaps a lab that still runs: ` +
              `stop it, or delete ${file} to have other ports chosen`,
          )
        }
        await wait(PORT_RETRY_MS)
      }
    }
  }
}
