import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../support/cli-process.ts'

describe('a broken pipe', () => {
  it('ends a command without a word and without a failure', async () => {
    const program = spawn(process.execPath, [join(ROOT, 'dist/broker/cli/main.js'), '--help'])
    // Nobody reads any more, long before the program has anything to say.
    program.stdout.destroy()
    let stderr = ''
    program.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    await once(program, 'close')
    expect({ code: program.exitCode, stderr }).toEqual({ code: 0, stderr: '' })
  })
})
