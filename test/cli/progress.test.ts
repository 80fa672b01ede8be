import { describe, expect, it } from 'vitest'
import { createProgress } from '../../src/broker/cli/progress.ts'
import { keepOutput } from '../support/cli-run.ts'

describe('progress', () => {
  it('is one line each in a file, without the same line twice', () => {
    const output = keepOutput()
    const progress = createProgress(output)
    progress.say('starting')
    progress.say('starting')
    progress.say('ready')
    progress.clear()
    expect(output.text()).toBe('starting\nready\n')
  })

  it('is one line that is rewritten on a terminal, and goes away', () => {
    const output = keepOutput({ width: 80 })
    const progress = createProgress(output)
    progress.say('starting')
    progress.tell('a line that stays')
    progress.clear()
    expect(output.text()).toBe('\r\u001b[2Kstarting\r\u001b[2Ka line that stays\n')
  })

  it('never fills the line of a terminal, which could not be rewritten then', () => {
    const output = keepOutput({ width: 10 })
    createProgress(output).say('a text that is too long')
    expect(output.text()).toBe('\r\u001b[2Ka text t…')
  })
})
