import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BrokerError } from '../../src/broker/broker-error.ts'
import { StoreError } from '../../src/broker/store/store.ts'
import { runCommand } from '../support/cli-run.ts'
import { startFrontApi } from '../support/http-broker.ts'
import { startSilentServer } from '../support/silent-server.ts'

/** A server that is no broker. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return `http://127.0.0.1:${address.port}`
}

describe('a command that cannot reach a broker', () => {
  it('says where it looked and how to start one', async () => {
    const run = await runCommand(['scope', 'list', '--url', 'http://127.0.0.1:9'])
    expect(run).toMatchObject({ exitCode: 1, stdout: '' })
    expect(run.stderr).toBe(
      'error: No broker can be reached at http://127.0.0.1:9: nothing listens there\n' +
        '  Is it running? Start one with: npm start. Or name another: --url URL, or MOQ_BROKER_URL.\n',
    )
  })

  it('gives up when there is no answer in time', async () => {
    await using silent = await startSilentServer()
    const run = await runCommand(['scope', 'list', '--url', `http://127.0.0.1:${silent.port}`, '--timeout', '50ms'])
    expect(run.exitCode).toBe(1)
    expect(run.stderr).toContain('it did not answer within 50 ms')
  })

  it('notices that somebody else answers', async () => {
    const url = await serve((_, answer) => answer.writeHead(404, { 'content-type': 'text/html' }).end('<h1>no</h1>'))
    const run = await runCommand(['scope', 'list', '--url', url])
    expect(run.exitCode).toBe(3)
    expect(run.stderr).toContain(`${url} answered 404, but not as a broker does`)
  })

  it('says which member of an answer it does not know', async () => {
    const url = await serve((_, answer) => answer.end('{"providers":[{"provider":"a"}]}'))
    const run = await runCommand(['provider', 'list', '--url', url])
    expect(run.exitCode).toBe(1)
    expect(run.stderr).toContain('providers.0.adapter')
  })

  it('prints nothing that could move the cursor, whatever the answer holds', async () => {
    const evil = { title: 'x\u001b[2J', status: 503, detail: 'y\u001b]0;z\u0007\r\nerror: forged' }
    const url = await serve((_, answer) => answer.writeHead(503).end(JSON.stringify(evil)))
    const run = await runCommand(['scope', 'list', '--url', url])
    expect(run.exitCode).toBe(1)
    expect(run.stderr.replaceAll('\n', '')).toMatch(/^[^\p{Cc}]+$/u)
    expect(run.stderr.split('\n').filter((line) => line.startsWith('error:'))).toHaveLength(1)
  })
})

describe('a command that is refused', () => {
  it('asks for a key where none was given', async () => {
    const { url } = await startFrontApi()
    const run = await runCommand(['scope', 'list', '--url', url])
    expect(run.exitCode).toBe(4)
    expect(run.stderr).toContain('MOQ_BROKER_KEY')
    expect(run.stderr).toContain('npm start -- --new-admin-key')
  })

  it('does not repeat a wrong key', async () => {
    const { url } = await startFrontApi()
    const run = await runCommand(['scope', 'list', '--url', url, '--key', 'mqb_wrong'])
    expect(run.exitCode).toBe(4)
    expect(run.stderr).toContain('The API key is not valid')
    expect(run.stdout + run.stderr).not.toContain('mqb_wrong')
  })

  it.each([
    [
      new BrokerError('invalid_request', 'no', { faults: [{ detail: 'is bad', pointer: '/primary' }] }),
      2,
      '/primary: is bad',
    ],
    [new BrokerError('revision_mismatch', 'it changed'), 4, 'it changed'],
    [new BrokerError('operation_in_progress', 'busy', { operation: 'op1' }), 4, 'moq-broker operation show op1'],
    [new StoreError('unavailable', 'internal'), 1, 'Try again in'],
  ])('ends with the code and the advice for %s', async (failure, exitCode, advice) => {
    const { api, url } = await startFrontApi()
    api.scopes.failure = failure
    const run = await runCommand(['scope', 'create', '--url', url, '--key', 'mqb_operator'])
    expect(run).toMatchObject({ exitCode, stdout: '' })
    expect(run.stderr).toContain(advice)
    expect(run.stderr).toMatch(/request request-\d+/)
  })
})

describe('the key', () => {
  it('comes from --key before --key-file before the environment', async () => {
    const { url } = await startFrontApi()
    const folder = mkdtempSync(join(tmpdir(), 'moq-broker-key-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'key')
    writeFileSync(file, 'mqb_operator\n')
    const base = ['scope', 'list', '--url', url]
    const codes = await Promise.all(
      [
        { args: base, key: 'mqb_operator' },
        { args: [...base, '--key-file', file], key: 'wrong' },
        { args: [...base, '--key', 'mqb_operator', '--key-file', file], key: 'wrong' },
        { args: [...base, '--key', 'wrong', '--key-file', file], key: 'mqb_operator' },
      ].map(async ({ args, key }) => (await runCommand(args, { env: { MOQ_BROKER_KEY: key } })).exitCode),
    )
    expect(codes).toEqual([0, 0, 0, 4])
  })

  it('that no header could hold is refused before anything is sent, unprinted', async () => {
    const run = await runCommand(['scope', 'list', '--key', 'mqb_one\nmqb_two'])
    expect(run.exitCode).toBe(2)
    expect(run.stderr).not.toContain('mqb_')
    const missing = await runCommand(['scope', 'list', '--key-file', '/nowhere/key'])
    expect(missing).toMatchObject({ exitCode: 2 })
    expect(missing.stderr).toContain('/nowhere/key cannot be read (ENOENT)')
  })
})
