import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { type AccessLine, accessText, openLog } from '../../src/broker/log.ts'
import { eventually } from '../support/eventually.ts'
import { plantTree } from '../support/temporary-tree.ts'

const Line = z.record(z.string(), z.unknown())

it.each<[string, AccessLine]>([
  ['without a key', { method: 'GET', route: '/r/:scope/*', status: 302, durationMs: 0, requestId: 'a.B-c_1' }],
  ['of a key', { method: 'GET', route: '/route', status: 200, durationMs: 3, requestId: 'x', key: 'config:a "b" ä' }],
  ['with a secret for an id', { method: 'GET', route: '/route', status: 200, durationMs: 3, requestId: 'mqb_abc_def' }],
  [
    'with a token for an id',
    { method: 'GET', route: '/route', status: 200, durationMs: 3, requestId: 'eyJhbGci.eyJz' },
  ],
])('the line of a request %s is the one that the log would write, only cheaper', async (_, line) => {
  using tree = plantTree({})
  const file = join(tree.root, 'log')
  const log = openLog({ level: 'info', destination: { file } })
  log.log('request', { ...line })
  const fromLog = await eventually('the line is written', async () => readFileSync(file, 'utf8') || undefined)
  const written = Line.parse(JSON.parse(fromLog))
  const text = accessText(line, Date.parse(String(written['time'])))
  expect(text.endsWith('\n')).toBe(true)
  expect(Object.entries(Line.parse(JSON.parse(text)))).toEqual(Object.entries(written))
})

it('no line is written when the level is above info', () => {
  using tree = plantTree({})
  const file = join(tree.root, 'log')
  const log = openLog({ level: 'warn', destination: { file } })
  log.access({ method: 'GET', route: '/route', status: 200, durationMs: 0, requestId: 'x' }, 0)
  log.flush()
  expect(readFileSync(file, 'utf8')).toBe('')
})
