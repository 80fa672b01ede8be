import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { type LabCdnName, labPublication } from '../../src/lab/footprints.ts'
import { type Lab, type StartLab, startLab } from '../../src/lab/lab.ts'
import { callApi, temporaryFolder } from '../support/lab-cdn.ts'
import { LAB_MAIN, SOURCE_LOADER } from '../support/lab-process.ts'

const labFileSchema = z.object({
  cdns: z.array(
    z.looseObject({
      name: z.string(),
      apiToken: z.string(),
      ports: z.object({ api: z.number(), fci: z.number(), relay: z.number(), admin: z.number() }),
    }),
  ),
})

/** Starts a lab on any free ports and stops it when the test has finished. */
async function startTestLab(dataDir: string, overrides: Partial<StartLab> = {}): Promise<Lab> {
  const lab = await startLab({
    dataDir,
    host: '127.0.0.1',
    entry: LAB_MAIN,
    execArgv: SOURCE_LOADER,
    firstPort: 0,
    now: Date.now,
    log: () => undefined,
    ...overrides,
  })
  onTestFinished(() => lab.stop())
  return lab
}

function cdnOf(lab: Lab, name: string): Lab['cdns'][number] {
  const cdn = lab.cdns.find((candidate) => candidate.name === name)
  if (cdn === undefined) throw new Error(`no ${name}`)
  return cdn
}

function nextExit(lab: Lab): Promise<{ readonly name: string }> {
  return new Promise((resolve) => {
    lab.onExit(resolve)
  })
}

async function createScope(lab: Lab, name: string): Promise<number> {
  const { apiUrl, apiToken } = cdnOf(lab, name)
  const headers = { authorization: `Bearer ${apiToken}` }
  return (await callApi(`${apiUrl}/moq/scopes`, 'POST', {}, headers)).status
}

async function scopeCount(lab: Lab, name: string): Promise<number> {
  const { json } = await callApi(`${cdnOf(lab, name).adminUrl}/state`, 'GET')
  return z.object({ scopeCount: z.number() }).parse(json).scopeCount
}

describe('the lab', () => {
  it('runs three CDNs of three kinds in processes of their own, each with its own footprint', async () => {
    const lab = await startTestLab(temporaryFolder())

    expect(lab.cdns.map(({ name, kind }) => ({ name, kind }))).toEqual([
      { name: 'cdn-a', kind: 'extended' },
      { name: 'cdn-b', kind: 'cloudflare' },
      { name: 'cdn-c', kind: 'draft' },
    ])
    expect(new Set([process.pid, ...lab.cdns.map(({ pid }) => pid)]).size).toBe(4)
    const names: readonly LabCdnName[] = ['cdn-a', 'cdn-b', 'cdn-c']
    for (const name of names) {
      const { fciUrl } = cdnOf(lab, name)
      const { advertisement } = labPublication(name, new URL(fciUrl).origin)
      expect((await callApi(fciUrl, 'GET')).json).toEqual(advertisement)
    }
    expect(await createScope(lab, 'cdn-a')).toBe(201)
  })

  it('remembers ports, tokens and scopes, in a file that only its owner can read', async () => {
    const dataDir = temporaryFolder()
    const first = await startTestLab(dataDir)
    await createScope(first, 'cdn-c')
    const before = first.cdns
    await first.stop()

    const second = await startTestLab(dataDir)

    const withoutPids = (cdns: Lab['cdns']) => cdns.map((cdn) => ({ ...cdn, pid: 0 }))
    expect(withoutPids(second.cdns)).toEqual(withoutPids(before))
    expect(await scopeCount(second, 'cdn-c')).toBe(1)
    expect(statSync(join(dataDir, 'lab.json')).mode & 0o777).toBe(0o600)
  })

  it('takes the preferred ports where they are free and others where not', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => {
      taken.close()
    })
    await once(taken, 'listening')
    const { port } = z.object({ port: z.number() }).parse(taken.address())
    const dataDir = temporaryFolder()

    await startTestLab(dataDir, { firstPort: port })

    const { cdns } = labFileSchema.parse(JSON.parse(readFileSync(join(dataDir, 'lab.json'), 'utf8')))
    const ports = cdns.flatMap((cdn) => Object.values(cdn.ports))
    expect(new Set(ports).size).toBe(12)
    expect(ports).not.toContain(port)
    expect(ports.filter((one) => one > port && one < port + 12).length).toBeGreaterThan(0)
  })

  it('refuses to start on a remembered port that is in use, naming port and file, and leaves nothing running', async () => {
    const dataDir = temporaryFolder()
    await (await startTestLab(dataDir)).stop()
    const { cdns } = labFileSchema.parse(JSON.parse(readFileSync(join(dataDir, 'lab.json'), 'utf8')))
    const port = cdns[1]?.ports.admin ?? 0
    const other = createServer().listen(port, '127.0.0.1')
    onTestFinished(() => {
      other.close()
    })
    await once(other, 'listening')
    let now = 0
    const impatient = { now: () => (now += 1_000) }

    await expect(startTestLab(dataDir, impatient)).rejects.toThrow(
      new RegExp(`port ${port} on 127\\.0\\.0\\.1 for cdn-b is in use .*${join(dataDir, 'lab.json')}`),
    )
    await expect(callApi(`http://127.0.0.1:${cdns[0]?.ports.admin}/healthz`, 'GET')).rejects.toThrow('fetch failed')
  })

  it.each(['', '{}', '{"cdns":[{"name":"other"}]}'])('refuses the file %j, naming it', async (text) => {
    const dataDir = temporaryFolder()
    writeFileSync(join(dataDir, 'lab.json'), text)

    await expect(startTestLab(dataDir)).rejects.toThrow(`${join(dataDir, 'lab.json')} is not a lab's file`)
  })

  it('reports a CDN that was killed, and starts it again with its ports, tokens and scopes', async () => {
    const lab = await startTestLab(temporaryFolder())
    await createScope(lab, 'cdn-a')
    const before = cdnOf(lab, 'cdn-a')
    const exit = nextExit(lab)

    process.kill(before.pid, 'SIGKILL')
    expect(await exit).toEqual({ name: 'cdn-a', code: null, signal: 'SIGKILL' })
    await lab.restart('cdn-a')

    const after = cdnOf(lab, 'cdn-a')
    expect(after.pid).not.toBe(before.pid)
    expect({ ...after, pid: 0 }).toEqual({ ...before, pid: 0 })
    expect(await scopeCount(lab, 'cdn-a')).toBe(1)
  })

  it('reports no end that was asked for', async () => {
    const lab = await startTestLab(temporaryFolder())
    const exits: string[] = []
    lab.onExit(({ name }) => exits.push(name))
    const before = cdnOf(lab, 'cdn-b').pid

    await lab.restart('cdn-b')
    expect(cdnOf(lab, 'cdn-b').pid).not.toBe(before)
    await lab.stop()

    expect(exits).toEqual([])
    for (const { adminUrl } of lab.cdns) await expect(callApi(`${adminUrl}/healthz`, 'GET')).rejects.toThrow()
  })

  it('knows no other CDN', async () => {
    const lab = await startTestLab(temporaryFolder())

    await expect(lab.restart('cdn-z')).rejects.toThrow('no CDN "cdn-z"')
  })

  it('says what the process said that would not start', async () => {
    const entry = join(temporaryFolder(), 'main.mjs')
    writeFileSync(entry, `process.stderr.write('the last words\\n'); process.exit(3)`)

    await expect(startTestLab(temporaryFolder(), { entry })).rejects.toThrow(/cdn-. did not start: the last words/)
  })
})
