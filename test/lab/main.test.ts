import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import type { LabKind } from '../../src/lab/lab-config.ts'
import { ACCOUNT_ID, type Answer, API_TOKEN, callApi, labCdnOptions } from '../support/lab-cdn.ts'
import { LAB_MAIN, SOURCE_LOADER, spawnLabCdn, spawnNode } from '../support/lab-process.ts'

const LISTENERS = ['api', 'fci', 'relay', 'admin'] as const

function create(apiUrl: string, kind: LabKind): Promise<Answer> {
  return kind === 'cloudflare'
    ? callApi(`${apiUrl}/accounts/${ACCOUNT_ID}/moq/relays`, 'POST', { name: 'a' })
    : callApi(`${apiUrl}/moq/scopes`, 'POST', {})
}

async function scopeIds(adminUrl: string): Promise<readonly string[]> {
  const { json } = await callApi(`${adminUrl}/state`, 'GET')
  const { scopes } = z.object({ scopes: z.array(z.object({ id: z.string() })) }).parse(json)
  return scopes.map(({ id }) => id)
}

function idOf({ json }: Answer): string {
  const scope = z
    .union([z.object({ scope_id: z.string() }), z.object({ result: z.object({ uid: z.string() }) })])
    .parse(json)
  return 'result' in scope ? scope.result.uid : scope.scope_id
}

describe('a lab CDN as a process', () => {
  it('says on one line of stdout that it is ready, and where', async () => {
    const cdn = spawnLabCdn(labCdnOptions('draft', { name: 'cdn-x' }))

    const ready = await cdn.ready()

    expect(ready).toMatchObject({ ready: true, name: 'cdn-x', pid: cdn.process.pid })
    expect((await callApi(`${ready.adminUrl}/healthz`, 'GET')).status).toBe(200)
    expect((await callApi(ready.fciUrl, 'GET')).status).toBe(200)
  })

  it.each<LabKind>(['draft', 'extended', 'cloudflare'])(
    'has every scope that the %s API confirmed before a SIGKILL',
    async (kind) => {
      const options = labCdnOptions(kind)
      const first = spawnLabCdn(options)
      const { apiUrl } = await first.ready()
      const confirmed: string[] = []
      const creating = Promise.allSettled(
        Array.from({ length: 8 }, async () => {
          for (;;) {
            confirmed.push(idOf(await create(apiUrl, kind)))
            if (confirmed.length === 40) first.process.kill('SIGKILL')
          }
        }),
      )
      await first.ended
      await creating

      const second = spawnLabCdn(options)
      const kept = await scopeIds((await second.ready()).adminUrl)

      expect(confirmed.length).toBeGreaterThanOrEqual(40)
      expect(kept).toEqual(expect.arrayContaining(confirmed))
    },
  )

  it.each(['SIGTERM', 'SIGINT'] as const)('stops cleanly on %s, even with an answer stalled', async (signal) => {
    const cdn = spawnLabCdn(labCdnOptions('draft'))
    const { apiUrl, adminUrl } = await cdn.ready()
    await callApi(`${adminUrl}/fault`, 'PUT', { stall: 'after', times: 1 })
    const stalled = create(apiUrl, 'draft').catch(() => 'cut')

    cdn.process.kill(signal)

    expect(await cdn.ended).toMatchObject({ code: 0 })
    expect(await stalled).toBe('cut')
  })

  it.each(LISTENERS)(
    'ends with code 1 and one line that names port and listener when the %s port is in use',
    async (listener) => {
      const other = createServer().listen(0, '127.0.0.1')
      onTestFinished(() => {
        other.close()
      })
      await once(other, 'listening')
      const { port } = z.custom<AddressInfo>().parse(other.address())
      const options = labCdnOptions('draft', { name: 'cdn-x' })

      const { code, stdout, stderr } = await spawnLabCdn({ ...options, ports: { ...options.ports, [listener]: port } })
        .ended

      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      const lines = stderr
        .trimEnd()
        .split('\n')
        .filter((line) => !line.startsWith('{'))
      expect(lines).toEqual([
        `port ${port} on 127.0.0.1 for the cdn-x ${listener} listener is in use by another program`,
      ])
    },
  )

  it.each([
    ['no JSON', 'nonsense', 'argument: '],
    ['an unknown kind', { ...labless(), kind: 'other' }, 'kind: '],
    ['a member too many', { ...labless(), colour: 'red' }, 'colour'],
    ['a port out of range', { ...labless(), ports: { api: 70_000, fci: 0, relay: 0, admin: 0 } }, 'ports.api: '],
  ])('refuses %s with a line that says what is wrong', async (_, options, words) => {
    const { code, stderr } = await spawnLabCdn(options).ended

    expect(code).toBe(1)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toContain(words)
    expect(stderr).not.toContain(API_TOKEN)
  })

  it('writes one JSON line per call to stderr, and no token', async () => {
    const cdn = spawnLabCdn(labCdnOptions('draft'))
    const { token } = z.object({ token: z.string() }).parse((await create((await cdn.ready()).apiUrl, 'draft')).json)

    cdn.process.kill('SIGTERM')
    const { stderr } = await cdn.ended

    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(events).toContainEqual(expect.objectContaining({ event: 'lab.call', call: 'POST /moq/scopes', status: 201 }))
    for (const secret of [token, API_TOKEN]) expect(stderr).not.toContain(secret)
  })

  it('ends when the parent that forked it is killed', async () => {
    const fork = `
      const { fork } = await import('node:child_process')
      const [entry, options] = process.argv.slice(1)
      const child = fork(entry, [options], { execArgv: ${JSON.stringify(SOURCE_LOADER)}, stdio: 'inherit' })
      child.on('message', (message) => console.log('IPC ' + JSON.stringify(message)))`
    const options = JSON.stringify(labCdnOptions('draft'))
    const parent = spawnNode(['--input-type=module', '-e', fork, LAB_MAIN, options])
    const { adminUrl } = z
      .object({ adminUrl: z.string() })
      .parse(JSON.parse((await parent.firstLine).replace(/^IPC /, '')))
    expect((await callApi(`${adminUrl}/healthz`, 'GET')).status).toBe(200)

    parent.process.kill('SIGKILL')

    // The CDN holds the output of its parent: only when both have ended does it.
    await parent.ended
    await expect(callApi(`${adminUrl}/healthz`, 'GET')).rejects.toThrow('fetch failed')
  })

  it('tells its parent by IPC that it is ready', async () => {
    const fork = `
      const { fork } = await import('node:child_process')
      const [entry, options] = process.argv.slice(1)
      const child = fork(entry, [options], { execArgv: ${JSON.stringify(SOURCE_LOADER)}, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
      child.on('message', (message) => { console.log(JSON.stringify(message)); child.kill() })`
    const parent = spawnNode(['--input-type=module', '-e', fork, LAB_MAIN, JSON.stringify(labCdnOptions('draft'))])

    expect(JSON.parse((await parent.ended).stdout)).toMatchObject({ ready: true, name: 'cdn-test' })
  })
})

/** Options that are right but for what a test changes; the folder is never made. */
function labless(): object {
  return labCdnOptions('draft', { dataDir: '/nonexistent/moq-broker-lab' })
}
