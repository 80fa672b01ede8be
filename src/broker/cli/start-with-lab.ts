import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { geoSampleCsv } from '../../lab/geo-sample.ts'
import { type Lab, startLab } from '../../lab/lab.ts'
import { muteMoqLibraries } from '../../moq/library-console.ts'
import type { Broker } from '../app.ts'
import type { PathVerification } from '../health/canary-verification.ts'
import { type Log, openLog } from '../log.ts'
import type { ScopeView } from '../scopes/scope-service.ts'
import { VERSION } from '../version.ts'
import { deathNotice } from './death-notice.ts'
import { ensureDemoScope } from './demo-scope.ts'
import { labDnsAddress } from './lab-dns-address.ts'
import { labProgram } from './lab-program.ts'
import { noticeOf } from './log-notice.ts'
import type { StartInput } from './process-commands.ts'
import { createProgress, type Progress } from './progress.ts'
import { readyText } from './ready-text.ts'
import { checkBeforeStart } from './start-preflight.ts'
import { stopOnSignals, untilAborted } from './stop-on-signals.ts'
import type { Cli } from './terminal.ts'
import { watchForCrash } from './watch-for-crash.ts'

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 8080
const VERIFY_WITHIN_MS = 5_000

/** Runs a broker in front of the lab until a signal. Throws `CliFailure`. */
export async function startWithLab(options: StartInput, cli: Cli): Promise<void> {
  using stopping = stopOnSignals()
  muteMoqLibraries(console)
  const progress = createProgress(cli.err)
  try {
    await run(options, { cli, progress, signal: stopping.signal })
  } catch (error) {
    const { failureOfStart } = await import('./start-failure.ts')
    throw failureOfStart(error, { port: 'npm start -- --port N', data: 'npm start -- --data DIR' })
  } finally {
    progress.clear()
  }
  cli.out.write(`Stopped. Everything is kept in ${options.data}.\n`)
}

interface Surroundings {
  readonly cli: Cli
  readonly progress: Progress
  readonly signal: AbortSignal
}

async function run(options: StartInput, { cli, progress, signal }: Surroundings): Promise<void> {
  const { data, host = DEFAULT_HOST, port = DEFAULT_PORT } = options
  const storePath = join(data, 'broker')
  const logFile = join(data, 'broker.log')
  const geoFile = join(data, 'geo-sample.csv')
  await checkBeforeStart({ storePath, host, port, now: cli.now })
  await writeFile(geoFile, geoSampleCsv())
  const processLog = openLog({ level: 'info', destination: { file: logFile } })
  using _crash = watchForCrash(processLog)
  const { log: writeLog, access } = processLog
  let told = false
  const log: Log = (event, fields = {}) => {
    writeLog(event, fields)
    const notice = told ? noticeOf(event, fields) : undefined
    if (notice !== undefined) progress.tell(notice)
  }

  progress.say('starting three CDNs')
  const starting = startLab({
    dataDir: join(data, 'lab'),
    host,
    ...labProgram(),
    ...(options.firstPort === undefined ? {} : { firstPort: options.firstPort }),
    now: cli.now,
    log: writeLog,
  })
  // The code of the broker is loaded while the CDNs load theirs.
  const loading = loadBroker()
  await using lab = await starting
  lab.onExit((exit) => progress.tell(deathNotice(exit, cli.err)))
  if (signal.aborted) return

  progress.say('starting the broker')
  const { startBroker, labConfig } = await loading
  const dns = await labDnsAddress({ host, any: port === 0 })
  const settings = { host, port, storePath, geoFile, ...(dns.free ? { dns: dns.address } : {}) }
  await using broker = await startBroker({
    loaded: labConfig(lab.cdns, settings),
    log,
    access,
  })
  const adminKey = broker.adminKey ?? (options.newAdminKey ? await broker.createAdminKey() : undefined)
  const { scope, paths } = await prepareDemo(broker, { cli, progress, signal })
  progress.clear()
  cli.out.write(
    readyText(
      {
        version: VERSION,
        url: broker.url,
        data,
        logFile,
        readyMs: cli.sinceBegin(),
        scope,
        paths,
        kinds: kindsOf(lab),
        dns: broker.dns[0],
        ...(adminKey === undefined ? {} : { adminKey }),
      },
      cli.out,
    ),
  )
  if (!dns.free) progress.tell(`No DNS: port ${dns.address.port} of ${dns.address.host} is in use by another program.`)
  told = true
  await untilAborted(signal)
  told = false
  progress.say('stopping the broker and the three CDNs')
}

async function loadBroker() {
  const [{ startBroker }, { labConfig }] = await Promise.all([import('../app.ts'), import('../lab-config.ts')])
  return { startBroker, labConfig }
}

async function prepareDemo(
  { scopes, canary }: Broker,
  { cli, progress, signal }: Surroundings,
): Promise<{ readonly scope: ScopeView | undefined; readonly paths: readonly PathVerification[] }> {
  if (signal.aborted) return { scope: undefined, paths: [] }
  try {
    progress.say('provisioning the scope demo on three CDNs')
    const scope = await ensureDemoScope({ scopes, now: cli.now, signal })
    if (scope === undefined || signal.aborted) return { scope, paths: [] }
    progress.say('sending a canary object through every CDN')
    const paths = await canary.verify(scope.id, { timeoutMs: VERIFY_WITHIN_MS, signal })
    return { scope: (await scopes.get(scope.id)) ?? scope, paths }
  } catch (error) {
    // Without the demo the broker is of use all the same, and its key must be shown.
    if (!signal.aborted) progress.tell(`The demo scope: ${error instanceof Error ? error.message : 'it failed'}`)
    return { scope: undefined, paths: [] }
  }
}

function kindsOf(lab: Lab): ReadonlyMap<string, string> {
  return new Map(lab.cdns.map(({ name, kind }) => [name, kind]))
}
