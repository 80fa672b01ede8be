import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describeWithPrograms } from './describe-with-programs.ts'
import { freePort } from './free-ports.ts'

const START_WITHIN_MS = 15_000
const STOP_WITHIN_MS = 3_000
const ASK_EVERY_MS = 20

export interface RedisServerOptions {
  /** Every write is on disk before it is acknowledged. */
  readonly appendonly?: boolean
  /** Kept when the server stops; absent: a temporary folder that is deleted with the server. */
  readonly dir?: string
  /** Absent: a free one. */
  readonly port?: number
  /** More arguments of `redis-server`, such as `['--maxmemory', '2mb']`. */
  readonly args?: readonly string[]
}

/** A real `redis-server` on 127.0.0.1. Disposing of it stops it. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  readonly dir: string
  readonly url: string
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>
  /** Ends it in order; it saves what it saves on the way out. */
  stop(): Promise<void>
  /** Stands still without closing a connection. */
  pause(): void
  resume(): void
}

/** A suite that needs a real `redis-server`. Without one it does not run and says so loudly; with `CI` set it fails. */
export function describeRedis(title: string, suite: () => void): void {
  describeWithPrograms(['redis-server'], title, suite)
}

/** Starts a server and waits until it answers. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort())
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'moq-broker-redis-')))
  const durability = options.appendonly === true ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []
  const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', dir, '--save', '']
  const server = await startProgram([...place, ...durability, ...(options.args ?? [])], port)
  return serverHandle(server, { port, dir, temporary: options.dir === undefined })
}

/**
 * Starts `redis-server` with a configuration file, such as that of a Sentinel, which rewrites it.
 *
 * @param port - where the file makes it listen.
 */
export async function startConfiguredRedis(
  file: string,
  { port, dir, args = [] }: { readonly port: number; readonly dir: string; readonly args?: readonly string[] },
): Promise<RedisServer> {
  return serverHandle(await startProgram([file, ...args], port), { port, dir, temporary: false })
}

async function startProgram(args: readonly string[], port: number): Promise<ChildProcess> {
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  // A test run that breaks off must not leave servers behind.
  const killAtExit = (): void => {
    server.kill('SIGKILL')
  }
  process.once('exit', killAtExit)
  server.once('exit', () => process.off('exit', killAtExit))
  let said = ''
  server.stdout?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-4_000)
  })
  const deadline = AbortSignal.timeout(START_WITHIN_MS)
  while (!(await answersPing(port))) {
    if (server.exitCode !== null || deadline.aborted) {
      server.kill('SIGKILL')
      throw new Error(`redis-server did not start on port ${port}. It said:\n${said}`)
    }
    await pause(ASK_EVERY_MS)
  }
  return server
}

/** Asks without a client; a server that wants a password first is up, too. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.setTimeout(1_000, () => socket.destroy())
    socket.once('data', (reply) => {
      resolve(/^(?:\+PONG|-NOAUTH)/.test(reply.toString('utf8')))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}

function serverHandle(
  server: ChildProcess,
  { port, dir, temporary }: { readonly port: number; readonly dir: string; readonly temporary: boolean },
): RedisServer {
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill('SIGCONT')
    server.kill(signal)
    // It refuses to stop in order while it writes its first append-only file.
    const impatience = setTimeout(() => server.kill('SIGKILL'), STOP_WITHIN_MS)
    await exited
    clearTimeout(impatience)
  }
  const stop = (): Promise<void> => end('SIGTERM')
  return {
    port,
    dir,
    url: `redis://127.0.0.1:${port}`,
    kill: () => end('SIGKILL'),
    stop,
    pause: () => {
      server.kill('SIGSTOP')
    },
    resume: () => {
      server.kill('SIGCONT')
    },
    async [Symbol.asyncDispose]() {
      await stop()
      if (temporary) await rm(dir, { recursive: true, force: true })
    },
  }
}
