import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { advertisementText } from './fci-advertisement.ts'

const PROGRAM = fileURLToPath(new URL('../dist/broker/cli/main.js', import.meta.url))
const PROBE = new URL('./loop-delay.mjs', import.meta.url).href
const KEY = 'admin-key-of-the-benchmark'
const WITHIN_MS = 60_000
const replySchema = z.object({ heldUpMs: z.number() })

/**
 * For how long the built broker's main thread does nothing else while a CDN's advertisement of 100 000 prefixes, in
 * which one has changed, arrives, is compared, kept, compiled, and printed for a peer. Milliseconds, once per round.
 */
export async function measureLargeBlocks(rounds: number, signal: AbortSignal): Promise<readonly number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-fci-'))
  const whole = advertisementText()
  let text = whole
  const cdn = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/cdni' }).end(text)
  })
  cdn.listen(0, '127.0.0.1')
  await once(cdn, 'listening')
  const address = cdn.address()
  const url = `http://127.0.0.1:${address !== null && typeof address !== 'string' ? address.port : 0}/`
  const configFile = join(folder, 'broker.yaml')
  const outputFile = join(folder, 'broker.log')
  writeFileSync(configFile, JSON.stringify(configOf(url, folder)))
  const output = openSync(outputFile, 'a')
  const args = ['--v8-pool-size=1', '--import', PROBE, PROGRAM, 'serve', '--config', configFile]
  const broker = spawn(process.execPath, args, {
    env: { BENCH_KEY: KEY, PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', output, output, 'ipc'],
  })
  closeSync(output)
  const heldUpMs = async (): Promise<number> => {
    broker.send({})
    const [reply]: readonly unknown[] = await once(broker, 'message', { signal })
    return replySchema.parse(reply).heldUpMs
  }
  /** Both audiences are told of what was said, the operator and the peer. */
  const published = async (times: number): Promise<void> => {
    const deadline = performance.now() + WITHIN_MS
    const isDone = (): boolean => readFileSync(outputFile, 'utf8').split('advertisement.published').length > times
    while (!isDone()) {
      if (performance.now() > deadline) throw new Error(`the broker told nothing:\n${readFileSync(outputFile, 'utf8')}`)
      await setTimeout(50, undefined, { signal })
    }
    await setTimeout(500, undefined, { signal })
  }
  try {
    await published(2)
    const blocks: number[] = []
    for (let round = 0; round < rounds; round++) {
      await heldUpMs()
      text = whole.replace(/"\d+\.\d+\.\d+\.\d+\/\d+"/, `"203.0.${round}.0/24"`)
      await published(4 + 2 * round)
      blocks.push(await heldUpMs())
    }
    return blocks
  } finally {
    broker.kill('SIGTERM')
    if (broker.exitCode === null && broker.signalCode === null) await once(broker, 'exit')
    cdn.closeAllConnections()
    cdn.close()
    rmSync(folder, { recursive: true })
  }
}

function configOf(url: string, folder: string): unknown {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    store: { kind: 'embedded', path: join(folder, 'store') },
    keys: [{ name: 'bench', role: 'admin', key: 'env:BENCH_KEY' }],
    health: { canary: false },
    providers: [
      {
        id: 'cdn-a',
        adapter: 'draft-http',
        options: { base_url: url, token: 'env:BENCH_KEY' },
        fci: { url, poll_seconds: 1 },
      },
    ],
    federation: { provider_id: 'AS64500:bench', quiet_ms: 100, peers: [{ id: 'peer', token: 'env:BENCH_KEY' }] },
  }
}
