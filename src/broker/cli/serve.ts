import { writeFile } from 'node:fs/promises'
import { muteMoqLibraries } from '../../moq/library-console.ts'
import { type Broker, startBroker } from '../app.ts'
import { type LoadedConfig, loadConfigFile } from '../config/load-config.ts'
import { PROCESS_SECRETS } from '../config/secret-reference.ts'
import { type Log, openLog } from '../log.ts'
import { failureOfStart } from './start-failure.ts'
import { stopOnSignals, untilAborted } from './stop-on-signals.ts'
import type { Cli } from './terminal.ts'
import { watchForCrash } from './watch-for-crash.ts'

export interface ServeOptions {
  readonly config: string
  /** Instead of those in the file. */
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly newAdminKey: boolean
}

/** Runs a broker until a signal. JSON lines on stdout, nothing else there. Throws `CliFailure`. */
export async function serve(options: ServeOptions, cli: Cli): Promise<void> {
  using stopping = stopOnSignals()
  muteMoqLibraries(console)
  const remedies = { port: '--listen HOST:PORT, or listen.port in the file', data: 'store.path in the file' }
  try {
    const loaded = withListen(loadConfigFile(options.config, PROCESS_SECRETS), options)
    const processLog = openLog({ level: loaded.config.log.level, destination: 'stdout' })
    using _crash = watchForCrash(processLog)
    const { log, access } = processLog
    await using broker = await startBroker({ loaded, log, access })
    const key = broker.adminKey ?? (options.newAdminKey ? await broker.createAdminKey() : undefined)
    if (key !== undefined) await handOverKey(key, { loaded, cli, log })
    log('broker.ready', { url: broker.url, startup_ms: Math.round(cli.sinceBegin()) })
    await untilAborted(stopping.signal)
  } catch (error) {
    throw failureOfStart(error, remedies)
  }
}

function withListen(loaded: LoadedConfig, { host, port }: ServeOptions): LoadedConfig {
  const { listen } = loaded.config
  return {
    ...loaded,
    config: { ...loaded.config, listen: { ...listen, host: host ?? listen.host, port: port ?? listen.port } },
  }
}

/**
 * Shows a key that this start made. Where nobody watches, output ends up in logs, so it goes into a file for its owner
 * only, beside the store.
 */
async function handOverKey(
  key: NonNullable<Broker['adminKey']>,
  { loaded, cli, log }: { readonly loaded: LoadedConfig; readonly cli: Cli; readonly log: Log },
): Promise<void> {
  const { store } = loaded.config
  if (cli.err.isTerminal) {
    cli.err.write(`Admin key, shown only now: ${key}\n`)
  } else if (store.kind === 'embedded') {
    const file = `${store.path}.admin-key`
    await writeFile(file, `${key}\n`, { mode: 0o600 })
    log('broker.admin_key_made', { file })
  } else {
    log('broker.admin_key_unshown', {
      advice: 'an admin key was made, but there is no place to show it: name one of yours under keys in the file',
    })
  }
}
