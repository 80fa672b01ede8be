import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openOutput } from '../../src/broker/cli/terminal.ts'

function stream(properties: { readonly isTTY?: boolean; readonly columns?: number }) {
  return Object.assign(new PassThrough({ encoding: 'utf8' }), properties)
}

describe('an output', () => {
  it('shows formats on a terminal, and its width', () => {
    const output = openOutput(stream({ isTTY: true, columns: 100 }), { TERM: 'xterm' })
    expect(output).toMatchObject({ isTerminal: true, width: 100 })
    expect(output.paint('green', 'up')).toBe('\u001b[32mup\u001b[39m')
  })

  it.each([
    ['into a file', {}, { TERM: 'xterm' }],
    ['with NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }],
    ['on a dumb terminal', { isTTY: true }, { TERM: 'dumb' }],
  ])('shows none %s', (_, properties, env) => {
    expect(openOutput(stream(properties), env).paint('green', 'up')).toBe('up')
  })

  it('keeps its formats with an empty NO_COLOR, as no-color.org says', () => {
    expect(openOutput(stream({ isTTY: true }), { NO_COLOR: '' }).paint('bold', 'x')).toContain('\u001b[1m')
  })

  it('is as wide as it needs to be in a file, and 80 columns where a terminal does not say', () => {
    expect(openOutput(stream({}), {}).width).toBe(Number.POSITIVE_INFINITY)
    expect(openOutput(stream({ isTTY: true, columns: 0 }), {}).width).toBe(80)
  })

  it('goes quiet when its reader has gone', () => {
    const target = stream({})
    const output = openOutput(target, {})
    output.write('one')
    target.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    output.write('two')
    expect(target.read()).toBe('one')
  })

  it('does not hide another failure', () => {
    const target = stream({})
    openOutput(target, {})
    expect(() => target.emit('error', new Error('disk on fire'))).toThrow('disk on fire')
  })
})
