import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { startProgram, temporaryFolder } from '../support/cli-process.ts'

const LabFile = z.object({ cdns: z.array(z.object({ apiToken: z.string() })) })

describe('moq-broker lab', () => {
  it('runs three CDNs, says where they are but not their tokens, and ends them with itself', async () => {
    const data = temporaryFolder()
    const lab = startProgram(['lab', '--data', data, '--first-port', '0'])
    await lab.says(/Ctrl-C stops them/)
    const text = lab.stdout()
    expect([...text.matchAll(/^cdn-\w {2}(\w+)$/gm)].map((match) => match[1])).toEqual([
      'extended',
      'cloudflare',
      'draft',
    ])
    expect(text).toContain(join(data, 'lab.json'))
    const { cdns } = LabFile.parse(JSON.parse(readFileSync(join(data, 'lab.json'), 'utf8')))
    for (const { apiToken } of cdns) expect(text).not.toContain(apiToken)
    const advertisements = [...text.matchAll(/advertisement +(\S+)$/gm)].map((match) => match[1] ?? '')
    expect(advertisements).toHaveLength(3)
    for (const url of advertisements) expect((await fetch(url)).status).toBe(200)

    lab.kill('SIGINT')
    expect(await lab.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('Stopped.') })
    for (const url of advertisements) await expect(fetch(url)).rejects.toThrow()
  })

  it('tells which port is taken when another lab runs on the same folder', async () => {
    const data = temporaryFolder()
    const lab = startProgram(['lab', '--data', data, '--first-port', '0'])
    await lab.says(/Ctrl-C stops them/)
    const { code, stdout, stderr } = await startProgram(['lab', '--data', data]).ended
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/Port \d+ on 127\.0\.0\.1 for cdn-a is in use/)
    expect(stderr).toContain(join(data, 'lab.json'))
  })
})
