import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Decision } from '../../src/routing/decision.ts'
import { drawProvider } from '../../src/routing/rendezvous.ts'
import { decideExample, workedExamplesIn } from '../support/worked-examples.ts'

const PAGE = readFileSync(new URL('../../docs/routing.md', import.meta.url), 'utf8')
const EXAMPLES = workedExamplesIn(PAGE)
const PRECEDENCE = ['reserve', 'health', 'staleness', 'shedding', 'footprint', 'priority', 'balance', 'draw', 'id']
const NETWORKS = 2_000

function behindInWords({ candidates, behind }: Decision): Readonly<Record<string, string>> {
  return Object.fromEntries(
    behind.map(({ provider, because }, i) => [
      candidates[i + 1]?.provider ?? 'nobody',
      `behind ${provider}: ${because}`,
    ]),
  )
}

describe('docs/routing.md', () => {
  it.each(EXAMPLES.map((one) => [one.title, one.example] as const))(
    'predicts: %s',
    (_, example) => {
      const { order, first, matched, behind, rejected, ttl_seconds: ttl, panic } = example.answer
      const ask = decideExample(example)
      const decision = ask()
      expect(Object.fromEntries(decision.rejected.map(({ provider, rule }) => [provider, rule]))).toEqual(rejected)
      expect({ ttl: decision.ttlSeconds, panic: decision.panic }).toEqual({ ttl, panic })
      if (order !== undefined) expect(decision.candidates.map(({ provider }) => provider)).toEqual(order)
      for (const [id, value] of Object.entries(matched ?? {})) {
        expect(decision.candidates.find(({ provider }) => provider === id)?.matched.value).toBe(value)
      }
      expect(behindInWords(decision)).toEqual(behind)
      if (first === undefined) return
      const counts = new Map<string, number>()
      for (let i = 0; i < NETWORKS; i++) {
        const leader = ask(`10.${i >> 8}.${i & 255}.1`).candidates[0]?.provider ?? 'nobody'
        counts.set(leader, (counts.get(leader) ?? 0) + 1)
      }
      expect([...counts.keys()].sort()).toEqual(Object.keys(first).sort())
      for (const [id, share] of Object.entries(first)) {
        expect(Math.abs((counts.get(id) ?? 0) / NETWORKS - share), `share of ${id}`).toBeLessThan(0.04)
      }
    },
    30_000,
  )

  it('has an example for every rule and for every line of the order', () => {
    const rules = [...PAGE.matchAll(/^\| \d+ \| `([a-z_]+)` \|/gm)].map(([, rule]) => rule)
    expect(rules.length).toBe(14)
    const shown = new Set(EXAMPLES.flatMap(({ example }) => Object.values(example.answer.rejected)))
    expect(rules.filter((rule) => !shown.has(rule ?? ''))).toEqual([])
    const lines = new Set([...PAGE.matchAll(/\(line (\d)\)/g)].map(([, line]) => line))
    expect(lines).toEqual(new Set(['1', '2', '3', '4', '5', '6', '7', '8', '9']))
  })

  it('names the lines of the order as the answers do', () => {
    const named = [...PAGE.matchAll(/^\| \d \| [^|]+ \| `([a-z]+)` \|/gm)].map(([, line]) => line)
    expect(named).toEqual(PRECEDENCE)
    const shown = new Set(EXAMPLES.flatMap(({ example }) => decideExample(example)().behind.map(({ line }) => line)))
    expect(shown).toEqual(new Set(PRECEDENCE))
  })

  it('gives the draws of its example as they are', () => {
    const rows = [...PAGE.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (\d+) \| ([\d.]+) \|$/gm)]
    expect(rows.length).toBeGreaterThan(3)
    expect(
      rows.map(([, key = '', id = '', weight, draw]) => [
        key,
        id,
        drawProvider(key, id, Number(weight)).toFixed(4),
        draw,
      ]),
    ).toEqual(rows.map(([, key, id, , draw]) => [key, id, draw, draw]))
  })
})
