import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type LabCdnName, labPublication } from '../../src/lab/footprints.ts'
import { runProgram, temporaryFolder } from '../support/cli-process.ts'

describe('the program without a broker', () => {
  it('checks what the CDNs of the lab advertise, compares two of them, and ends with the documented codes', async () => {
    const folder = temporaryFolder()
    const names: readonly LabCdnName[] = ['cdn-a', 'cdn-b', 'cdn-c']
    const files = names.map((name) => {
      const { advertisement } = labPublication(name, 'https://fci.example')
      const file = join(folder, `${name}.json`)
      writeFileSync(file, JSON.stringify(advertisement))
      return file
    })
    for (const file of files) {
      const checked = await runProgram(['fci', 'check', '--strict', file])
      expect(checked).toMatchObject({ code: 0, stderr: '' })
      expect(checked.stdout).toMatch(/an advertisement \(RFC 8008\); nothing to remark/)
      expect(checked.stdout).toMatch(/MoQRelay of MoQBroker \(drafts /)
    }
    const [a = '', b = ''] = files
    const compared = await runProgram(['fci', 'diff', a, b])
    expect(compared).toMatchObject({ code: 0, stderr: '' })
    expect(compared.stdout).toMatch(/countries {2,}7 {2,}4 {2,}7 \(100 %\)/)

    const bad = join(folder, 'bad.json')
    writeFileSync(bad, '{"capabilities":[{"capability-type":""}]}')
    expect(await runProgram(['fci', 'check', bad])).toMatchObject({ code: 2 })
    expect(await runProgram(['fci', 'check', join(folder, 'none')])).toMatchObject({ code: 2, stdout: '' })
  })
})
