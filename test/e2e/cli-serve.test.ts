import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { runProgram, startProgram, temporaryFolder } from '../support/cli-process.ts'
import { startSilentServer } from '../support/silent-server.ts'

const TOKEN = 'canary-token-of-a-cdn'

/** A file for a broker with one CDN that does not answer. */
function writeConfig(folder: string, changes: { readonly extra?: string; readonly token?: string } = {}): string {
  const file = join(folder, 'broker.yaml')
  const lines = [
    'listen: { port: 0 }',
    `store: { kind: embedded, path: ${join(folder, 'store')} }`,
    'providers:',
    '  - id: far',
    '    adapter: draft-http',
    '    options:',
    '      base_url: http://127.0.0.1:9',
    `      token: ${changes.token ?? 'env:FAR_TOKEN'}`,
    ...(changes.extra === undefined ? [] : [changes.extra]),
    '',
  ]
  writeFileSync(file, lines.join('\n'))
  return file
}

const LogLine = z.looseObject({ event: z.string() })

describe('moq-broker serve', () => {
  it('writes JSON lines and nothing else, hands the first key over in a file, and stops at SIGTERM', async () => {
    const folder = temporaryFolder()
    const broker = startProgram(['serve', '--config', writeConfig(folder)], { FAR_TOKEN: TOKEN })
    const [, url] = await broker.says(/"event":"broker\.ready","url":"(http:[^"]+)"/)
    const keyFile = join(folder, 'store.admin-key')
    const key = readFileSync(keyFile, 'utf8').trim()
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    const list = await runProgram(['provider', 'list', '--url', url ?? '', '--key-file', keyFile])
    expect(list).toMatchObject({ code: 0, stderr: '' })
    expect(list.stdout).toMatch(/^far +draft-http +enabled/m)
    broker.kill('SIGTERM')
    const { code, stdout, stderr } = await broker.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => LogLine.parse(JSON.parse(line)).event)
    expect(events.at(-1)).toBe('broker.stopped')
    for (const secret of [key, TOKEN]) expect(stdout).not.toContain(secret)
  })

  it('listens where --listen says', async () => {
    await using other = await startSilentServer()
    const file = writeConfig(temporaryFolder())
    const run = await runProgram(['serve', '--config', file, '--listen', `127.0.0.1:${other.port}`], {
      FAR_TOKEN: TOKEN,
    })
    expect(run.code).toBe(1)
    expect(run.stderr).toContain(`Cannot listen on 127.0.0.1:${other.port}`)
    expect(run.stderr).toContain('--listen HOST:PORT')
  })

  it.each([
    ['a key that does not exist', { extra: 'lissten: {}' }, 'lissten (line 9): there is no such key'],
    ['a secret in the file', { token: TOKEN }, 'providers[0].options.token (line 8): a secret does not belong'],
    ['a secret that is not set', { token: 'env:UNSET' }, 'the environment variable UNSET is not set'],
    ['a bad URL', { extra: '    fault_url: ftp://x' }, 'providers[0].fault_url (line 9): must be an absolute http'],
    ['a file that is no YAML', { extra: '  - [' }, '(line '],
  ])('refuses %s with its path and line', async (_, changes, message) => {
    const file = writeConfig(temporaryFolder(), changes)
    for (const args of [
      ['serve', '--config', file],
      ['config', 'check', file],
      ['start', '--config', file],
    ]) {
      const run = await runProgram(args, { FAR_TOKEN: TOKEN })
      expect(run).toMatchObject({ code: 2, stdout: '' })
      expect(run.stderr).toContain(message)
      expect(run.stderr).not.toContain(TOKEN)
    }
  })

  it('refuses a file that is not there', async () => {
    const run = await runProgram(['serve', '--config', '/nowhere/broker.yaml'])
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain('/nowhere/broker.yaml')
  })
})

describe('moq-broker config check', () => {
  it('prints a valid file with its defaults and without secrets', async () => {
    const file = writeConfig(temporaryFolder())
    const run = await runProgram(['config', 'check', file], { FAR_TOKEN: TOKEN })
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout).toContain('token: env:FAR_TOKEN')
    expect(run.stdout).toContain('ttl_seconds: 30')
    expect(run.stdout).not.toContain(TOKEN)
  })

  it('prints one JSON document with --json, valid or not', async () => {
    const folder = temporaryFolder()
    const good = await runProgram(['config', 'check', writeConfig(folder), '--json'], { FAR_TOKEN: TOKEN })
    expect(JSON.parse(good.stdout)).toMatchObject({ valid: true, config: { routing: { ttl_seconds: 30 } } })
    const bad = await runProgram(['config', 'check', writeConfig(folder), '--json'])
    expect(bad.code).toBe(2)
    expect(JSON.parse(bad.stdout)).toMatchObject({ valid: false, issues: [{ path: 'providers[0].options.token' }] })
  })
})
