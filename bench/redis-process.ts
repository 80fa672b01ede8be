import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

export interface RedisProcess extends AsyncDisposable {
  readonly url: string
}

/** A `redis-server` of its own on a free port, with an append-only file flushed every second, as in docker-compose.yml. */
export async function startRedis(dir: string): Promise<RedisProcess> {
  const port = await freePort()
  const child = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      dir,
      '--appendonly',
      'yes',
      '--appendfsync',
      'everysec',
      '--save',
      '',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const failed = once(child, 'error').then(([error]: unknown[]) => {
    throw new Error('redis-server could not be started; install it (Debian: apt-get install redis-server)', {
      cause: error,
    })
  })
  failed.catch(() => undefined)
  await Promise.race([failed, ready(child.stdout)])
  return {
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function ready(output: NodeJS.ReadableStream): Promise<void> {
  let text = ''
  for await (const chunk of output) {
    text += String(chunk)
    if (text.includes('Ready to accept connections')) break
  }
  output.resume()
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
