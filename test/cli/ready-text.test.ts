import { describe, expect, it } from 'vitest'
import { columnsOf } from '../../src/broker/cli/printable-text.ts'
import { type ReadyFacts, readyText } from '../../src/broker/cli/ready-text.ts'
import { keepOutput } from '../support/cli-run.ts'

const KEY = `mqb_0123456789_${'x'.repeat(43)}`

const FACTS: ReadyFacts = {
  version: '0.1.0',
  url: 'http://127.0.0.1:8080',
  data: 'data',
  logFile: 'data/broker.log',
  readyMs: 1_423,
  scope: {
    id: '1m7yfrm28dhjhpbs2wdf',
    revision: 5,
    name: 'demo',
    owner: 'start',
    state: 'ready',
    primary: 'cdn-a',
    placements: [
      { provider: 'cdn-a', role: 'primary', state: 'ready', fallback: { to: 'nothing' } },
      { provider: 'cdn-b', role: 'secondary', state: 'ready', fallback: { to: 'provider', provider: 'cdn-a' } },
      { provider: 'cdn-c', role: 'secondary', state: 'ready', fallback: { to: 'provider', provider: 'cdn-a' } },
    ],
    createdAt: 0,
    updatedAt: 0,
  },
  paths: [
    { provider: 'cdn-a', role: 'primary', outcome: 'received', latencyMs: 2 },
    { provider: 'cdn-b', role: 'secondary', outcome: 'received', latencyMs: 4 },
    { provider: 'cdn-c', role: 'secondary', outcome: 'failed', reason: 'no object arrived within 5000 ms' },
  ],
  kinds: new Map([
    ['cdn-a', 'extended'],
    ['cdn-b', 'cloudflare'],
    ['cdn-c', 'draft'],
  ]),
  adminKey: KEY,
}

describe('what a start shows', () => {
  it('fits a terminal of 80 columns and 30 lines', () => {
    const { adminKey: _, ...later } = FACTS
    for (const facts of [FACTS, later]) {
      const lines = readyText(facts, keepOutput({ width: 80 })).split('\n')
      expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(80)
      expect(lines.length).toBeLessThanOrEqual(30)
    }
  })

  it('tells of every CDN its kind, role, state, fallback, and how a canary came through it', () => {
    const text = readyText(FACTS, keepOutput({ width: 80 }))
    expect(text).toContain('ready in 1.42 s')
    expect(text).toMatch(/^ {2}cdn-b {2}cloudflare {2}secondary {2}ready {2}→ cdn-a {3}4 ms$/m)
    expect(text).toMatch(/^ {2}cdn-c {2}draft .* no object arrived within/m)
  })

  it('shows the key once, and on later starts only how to get another', () => {
    expect(readyText(FACTS, keepOutput()).split(KEY)).toHaveLength(2)
    const { adminKey: _, ...later } = FACTS
    const text = readyText(later, keepOutput())
    expect(text).not.toContain('mqb_')
    expect(text).toContain('npm start -- --new-admin-key')
  })

  it('names the broker in its commands where it is not at its usual place', () => {
    expect(readyText(FACTS, keepOutput())).not.toContain('MOQ_BROKER_URL')
    const text = readyText({ ...FACTS, url: 'http://127.0.0.1:9999' }, keepOutput())
    expect(text).toContain('export MOQ_BROKER_URL=http://127.0.0.1:9999\n')
    expect(text).toContain('"127.0.0.1:9999/route?client=192.0.2.7"')
  })

  it('is of use without the demo scope, too', () => {
    const text = readyText({ ...FACTS, scope: undefined, paths: [] }, keepOutput())
    expect(text).toContain('The demo scope is not there; the log says why.')
    expect(text).toContain(KEY)
  })
})
