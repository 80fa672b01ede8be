import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  allGone,
  isAlive,
  labPids,
  ROOT,
  type RunningStart,
  runProgram,
  startLabBroker,
  startProgram,
  temporaryFolder,
} from '../support/cli-process.ts'
import { eventually } from '../support/eventually.ts'
import { startSilentServer } from '../support/silent-server.ts'

const SECONDS = 1_000

/** Every line below "Try next" up to the blank one: what a user would copy. */
function commandsIn(stdout: string): readonly string[] {
  const lines = stdout.slice(stdout.indexOf('Try next')).split('\n')
  return lines.slice(1, lines.indexOf(''))
}

function clientOf(start: RunningStart, key = start.key) {
  const env = { MOQ_BROKER_URL: start.url, MOQ_BROKER_KEY: key ?? '' }
  return (...args: readonly string[]) => runProgram(args, env)
}

const Scope = z.object({ scope_id: z.string(), state: z.string(), operation: z.string().optional() })

/** Waits until no operation is at work on the scope. */
async function settledScope(cli: ReturnType<typeof clientOf>, name: string): Promise<z.infer<typeof Scope>> {
  for (;;) {
    const run = await cli('scope', 'show', name, '--json')
    const scope = Scope.parse(JSON.parse(run.stdout))
    if (scope.operation === undefined) return scope
  }
}

/** Makes every creation at the lab's `cdn-b` take long. */
async function slowDown(data: string): Promise<void> {
  const File = z.object({ cdns: z.array(z.object({ name: z.string(), ports: z.object({ admin: z.number() }) })) })
  const { cdns } = File.parse(JSON.parse(readFileSync(join(data, 'lab/lab.json'), 'utf8')))
  const port = cdns.find(({ name }) => name === 'cdn-b')?.ports.admin
  const fault = { latencyMs: 20_000, match: { method: 'POST' } }
  const answer = await fetch(`http://127.0.0.1:${port}/fault`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  })
  expect(answer.ok).toBe(true)
}

describe('moq-broker start', () => {
  it(
    'provisions a demo scope whose commands work as printed, stops cleanly, and finds it again',
    async () => {
      const data = temporaryFolder()
      const first = await startLabBroker(data)
      expect(first.stdout()).toMatch(/ready in \d/)
      for (const cdn of ['cdn-a', 'cdn-b', 'cdn-c']) {
        expect(first.stdout()).toMatch(
          new RegExp(`^ +${cdn} .* (?:primary|secondary) +ready +\\S.* (?:< 1|\\d+) ms$`, 'm'),
        )
      }
      expect(first.stdout()).not.toContain('\u001b')
      expect(first.key).toBeDefined()

      const commands = commandsIn(first.stdout())
      expect(commands.length).toBeGreaterThanOrEqual(7)
      const environment = commands.filter((command) => command.startsWith('export '))
      const outputs = commands
        .filter((command) => !command.startsWith('export '))
        .map((command) => {
          const script = [...environment, command].join('\n')
          const run = spawnSync('bash', ['-c', script], { cwd: ROOT, encoding: 'utf8' })
          expect({ command, status: run.status, stderr: run.status === 0 ? '' : run.stderr }).toEqual({
            command,
            status: 0,
            stderr: '',
          })
          return run.stdout
        })
        .join('\n')
      expect(outputs).toContain(first.scopeId)
      expect(new Set([...outputs.matchAll(/^(?:192|198|203)\S+ +(cdn-\w)/gm)].map((match) => match[1])).size).toBe(3)
      expect(outputs).toContain('SUCCEEDED')
      expect(outputs).toContain('"candidates":')
      expect(outputs).not.toContain(first.key)

      const pids = [...labPids(data).values()]
      expect(pids).toHaveLength(3)
      expect(pids.every(isAlive)).toBe(true)
      first.kill('SIGINT')
      expect(await first.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('Stopped.') })
      // So the MoQ libraries write: a line for every announcement, subscription and lost session.
      expect(first.stderr()).not.toMatch(/\bbroadcast=/)
      expect(pids.filter(isAlive)).toEqual([])

      const second = await startLabBroker(data)
      expect(second.scopeId).toBe(first.scopeId)
      expect(second.key).toBeUndefined()
      expect(await clientOf(second, first.key)('scope', 'show', 'demo')).toMatchObject({ code: 0 })
      second.kill('SIGTERM')
      expect(await second.ended).toMatchObject({ code: 0 })

      const third = await startLabBroker(data, '--new-admin-key')
      expect(third.key).not.toBe(first.key)
      expect(await clientOf(third)('key', 'list')).toMatchObject({ code: 0 })
    },
    120 * SECONDS,
  )

  it('refuses a data folder that another start uses, at once, and leaves that one alone', async () => {
    const data = temporaryFolder()
    const first = await startLabBroker(data)
    const second = await runProgram(['start', '--data', data, '--port', '0'])
    expect(second).toMatchObject({ code: 1, stdout: '' })
    expect(second.stderr).toContain(`The data folder ${join(data, 'broker')} is in use by another process.`)
    expect(second.stderr).toContain('--data DIR')
    expect(await clientOf(first)('scope', 'show', 'demo')).toMatchObject({ code: 0 })
  })

  it('refuses a port that is in use before it starts anything', async () => {
    await using other = await startSilentServer()
    const data = temporaryFolder()
    const run = await runProgram(['start', '--data', data, '--port', String(other.port), '--first-port', '0'])
    expect(run).toMatchObject({ code: 1, stdout: '' })
    expect(run.stderr).toContain(`127.0.0.1:${other.port} is in use`)
    expect(run.stderr).toContain('--port N')
    expect(() => readFileSync(join(data, 'lab/lab.json'))).toThrow('ENOENT')
  })

  it('refuses a data folder that cannot be written', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const run = await runProgram(['start', '--data', join(file, 'data'), '--port', '0'])
    expect(run).toMatchObject({ code: 1, stdout: '' })
    expect(run.stderr).toContain(file)
    expect(run.stderr).toContain('--data DIR')
  })

  it('tells of a CDN that was killed, goes on without it, and brings it back at the next start', async () => {
    const data = temporaryFolder()
    const start = await startLabBroker(data)
    process.kill(labPids(data).get('cdn-c') ?? -1, 'SIGKILL')
    await start.says(/cdn-c has ended \(SIGKILL\)\. It stays down; the next start brings it back\./)
    await start.says(/cdn-c: \w+ → down/)
    const route = await clientOf(start)('route', '203.0.113.7')
    expect(route.stdout).toMatch(/→ cdn-c|no CDN may serve/)
    start.kill('SIGINT')
    expect(await start.ended).toMatchObject({ code: 0 })
    const again = await startLabBroker(data)
    expect(again.scopeId).toBe(start.scopeId)
    expect(again.stdout()).toMatch(/^ +cdn-c .* ready .* ms$/m)
  })

  it('resumes a creation that a SIGKILL cut off, and the CDNs end with their broker', async () => {
    const data = temporaryFolder()
    const first = await startLabBroker(data)
    await slowDown(data)
    expect(await clientOf(first)('scope', 'create', '--name', 'cut', '--async')).toMatchObject({ code: 0 })
    const pids = [...labPids(data).values()]
    first.kill('SIGKILL')
    await first.ended
    await allGone(pids)

    const second = await startLabBroker(data)
    const cli = clientOf(second, first.key)
    expect(await settledScope(cli, 'cut')).toMatchObject({ state: 'ready' })
    expect((await cli('scope', 'events', 'cut')).stdout).toContain('operation.resumed')
  })

  it('loses nothing of a creation that a SIGTERM came upon', async () => {
    const data = temporaryFolder()
    const first = await startLabBroker(data)
    await slowDown(data)
    expect(await clientOf(first)('scope', 'create', '--name', 'cut', '--async')).toMatchObject({ code: 0 })
    first.kill('SIGTERM')
    expect(await first.ended).toMatchObject({ code: 0 })
    const second = await startLabBroker(data)
    const cli = clientOf(second, first.key)
    // Calls that ran out of time before the end leave a scope behind that is repaired.
    await eventually('the scope is ready', async () => (await settledScope(cli, 'cut')).state === 'ready', 40 * SECONDS)
  })

  it('writes no key and no token into its log', async () => {
    const data = temporaryFolder()
    const start = await startLabBroker(data)
    const cli = clientOf(start)
    const urls = (await cli('scope', 'credentials', 'demo')).stdout.match(/moqt:\S+/g) ?? []
    await cli('route', '192.0.2.7', '--scope', 'demo')
    expect(urls).toHaveLength(5)
    start.kill('SIGINT')
    await start.ended
    const log = readFileSync(join(data, 'broker.log'), 'utf8')
    for (const secret of [start.key ?? '?', ...urls.map((url) => url.split('/')[3] ?? '?')])
      expect(log).not.toContain(secret)
  })

  it('ends at once at the second signal, and the CDNs end too', async () => {
    const data = temporaryFolder()
    const start = startProgram(['start', '--data', data, '--port', '0', '--first-port', '0'])
    await start.says(/Ctrl-C stops everything/)
    const pids = [...labPids(data).values()]
    start.kill('SIGINT')
    start.kill('SIGTERM')
    await start.ended
    await allGone(pids)
  })
})
