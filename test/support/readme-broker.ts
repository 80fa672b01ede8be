import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defined } from './defined.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROGRAM = join(ROOT, 'dist/broker/cli/main.js')
const START_WITHIN_MS = 20_000
const COMMAND_WITHIN_MS = 30_000
const STOP_WITHIN_MS = 10_000

/** A broker with the lab, as a reader of the README has it, in a temporary folder and on free ports. */
export interface ReadmeBroker extends AsyncDisposable {
  /** What it printed until it was ready. */
  readonly greeting: string
  /** The id of the key that it printed. */
  readonly keyId: string
  /** Runs a shell command as the reader would, in the folder of the clone, against this broker. */
  run(command: string): Promise<CommandRun>
  /** Text that was printed about this broker, with the address and the folder that a reader's broker has. */
  asReader(text: string): string
}

export interface CommandRun {
  readonly stdout: string
  readonly stderr: string
}

const READERS_URL = 'http://127.0.0.1:8080'
const READERS_DATA = 'data'
const READERS_DNS = '127.0.0.1 -p 5300'

export async function startReadmeBroker(): Promise<ReadmeBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'moq-broker-readme-'))
  const data = join(folder, READERS_DATA)
  const broker = spawn(process.execPath, [PROGRAM, 'start', '--data', data, '--port', '0', '--first-port', '0'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = async (): Promise<void> => {
    await end(broker)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const greeting = await greetingOf(broker)
    const url = defined(/^ +broker +(http:\S+)$/m.exec(greeting)?.[1])
    const dns = `127.0.0.1 -p ${defined(/^ +dns +127\.0\.0\.1:(\d+)/m.exec(greeting)?.[1])}`
    const key = defined(/mqb_\w{10}_[\w-]{43}/.exec(greeting)?.[0])
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      MOQ_BROKER_URL: url,
      MOQ_BROKER_KEY: key,
      npm_config_update_notifier: 'false',
      npm_config_offline: 'true',
      npm_config_yes: 'false',
    }
    return {
      greeting,
      keyId: defined(key.split('_')[1]),
      run: (command) =>
        runCommand(
          command.replaceAll(READERS_URL, url).replaceAll(READERS_DNS, dns).replaceAll(`${READERS_DATA}/`, `${data}/`),
          env,
        ),
      asReader: (text) =>
        text
          .replace(`export MOQ_BROKER_URL=${url}\n`, '')
          .replaceAll(url, READERS_URL)
          .replaceAll(dns, READERS_DNS)
          .replaceAll(data, READERS_DATA),
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function greetingOf(broker: ChildProcess): Promise<string> {
  let [stdout, stderr] = ['', '']
  const deadline = AbortSignal.timeout(START_WITHIN_MS)
  broker.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`moq-broker start ${why}:\n${stdout}${stderr}`))
    deadline.addEventListener('abort', () => fail(`was not ready within ${START_WITHIN_MS} ms`))
    broker.once('close', () => fail('ended'))
    broker.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (stdout.includes('Ctrl-C stops everything')) resolve(stdout)
    })
  })
}

async function runCommand(command: string, env: Readonly<Record<string, string>>): Promise<CommandRun> {
  const shell = spawn('bash', ['-c', command], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: COMMAND_WITHIN_MS,
    killSignal: 'SIGKILL',
  })
  let [stdout, stderr] = ['', '']
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  shell.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  await once(shell, 'close')
  return { stdout, stderr }
}

async function end(broker: ChildProcess): Promise<void> {
  if (broker.exitCode !== null || broker.signalCode !== null) return
  const closed = once(broker, 'close')
  broker.kill('SIGTERM')
  const impatience = setTimeout(() => broker.kill('SIGKILL'), STOP_WITHIN_MS)
  await closed
  clearTimeout(impatience)
}
