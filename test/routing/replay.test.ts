import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDecisionLog } from '../../src/broker/routing/decision-log.ts'
import { footprintOf } from '../../src/fci/footprint-algebra.ts'
import { parsePrefix } from '../../src/fci/prefix.ts'
import { decide } from '../../src/routing/decide.ts'
import { plainRules } from '../../src/routing/footprint-rules.ts'
import type { PlanInputs } from '../../src/routing/plan.ts'
import type { RoutingPolicy } from '../../src/routing/policy.ts'
import { compilePolicy } from '../../src/routing/policy-file/compile-policy.ts'
import { plainCoverage } from '../../src/routing/provider-coverage.ts'
import { createTrafficComparison } from '../../src/routing/replay/compare-traffic.ts'
import { recordDecision } from '../../src/routing/replay/record-decision.ts'
import { type DecisionRecord, DecisionRecordSchema } from '../../src/routing/replay/record-schema.ts'
import { isRecorded, replay, replayUnder } from '../../src/routing/replay/replay.ts'
import { clientPrefixKey } from '../../src/routing/routing-key.ts'
import { defined } from '../support/defined.ts'
import { clientAt, NOW, POLICY, type ProviderSketch, providerFrom } from '../support/routing-facts.ts'
import { limit } from '../support/routing-questions.ts'

interface World {
  readonly client: string
  readonly sketches: readonly ProviderSketch[]
  readonly policy: RoutingPolicy
  readonly used: number
}

function decideAndRecord({ client: text, sketches, policy, used }: World) {
  const client = clientAt(text)
  const inputs: PlanInputs = {
    coverage: (id, held) => {
      const { moq, saysMoq, delivery, saysDelivery, capabilities } = plainCoverage(held.model, client)
      const capacityLimits = id === 'a' ? [limit('egress', 10, 20)] : []
      return { moq, saysMoq, delivery, saysDelivery, capabilities: { ...capabilities, capacityLimits } }
    },
    rules: plainRules(client),
    providers: sketches.map(providerFrom),
    policy,
    usage: (id, { limitType }) => (id === 'a' && limitType === 'egress' ? { value: used, at: NOW } : undefined),
    now: NOW,
  }
  const measured = (id: string) => ({
    rttMs: id === 'b' ? 80 : 20,
    errorShare: 0.01,
    of: 'us',
    weight: 9,
    ageSeconds: 1,
  })
  const key = clientPrefixKey(client.address)
  const decision = decide({ ...inputs, client, key, measured })
  const recorded = {
    client,
    scope: undefined,
    session: undefined,
    key,
    inputs,
    measured,
    coverage: COVERAGE,
    geo: [],
    decision,
  }
  return { decision, record: recordDecision(recorded) }
}

const COVERAGE = { map: 'm1', madeAt: NOW - 1000, classId: 7, prefix: defined(parsePrefix('192.0.2.0/25')) }

/** As it comes back from a file. */
function reread(record: DecisionRecord): DecisionRecord {
  return DecisionRecordSchema.parse(JSON.parse(JSON.stringify(record)))
}

const sketch = (id: string): fc.Arbitrary<ProviderSketch> =>
  fc.record({
    id: fc.constant(id),
    serves: fc.constantFrom<readonly string[] | 'nothing'>(
      ['*'],
      ['us'],
      ['de'],
      ['192.0.2.0/24', 'as64497'],
      ['us-ny', '2001:db8::/32'],
      'nothing',
    ),
    health: fc.constantFrom({ state: 'up' }, { state: 'degraded', reason: 'slow' }, { state: 'down' }),
    administrative: fc.constantFrom({ state: 'enabled' }, { state: 'enabled' }, { state: 'drained', reason: 'why' }),
    stale: fc.boolean(),
    expired: fc.constantFrom(false, false, true),
    priority: fc.constantFrom(1, 2),
    weight: fc.constantFrom(0, 1, 100),
  })

const world: fc.Arbitrary<World> = fc.record({
  client: fc.constantFrom('192.0.2.7', '198.51.100.1', '203.0.113.1', '2001:db8::1'),
  sketches: fc.tuple(sketch('a'), sketch('b'), sketch('c')),
  used: fc.integer({ min: 0, max: 25 }),
  policy: fc
    .record({
      by: fc.constantFrom('weight' as const, 'latency' as const, 'cost' as const),
      otherwise: fc.constantFrom('allow' as const, 'deny' as const),
      country: fc.constantFrom('us', 'de'),
      whenAllFull: fc.constantFrom('serve' as const, 'refuse' as const),
    })
    .map(({ by, otherwise, country, whenAllFull }) => ({
      ...POLICY,
      balance: { by, withinMs: 5, withinPercent: 10 },
      otherwise,
      whenAllFull,
      rules: [{ id: 'r', action: 'allow', footprint: footprintOf([{ countries: [country] }]), position: 0 }],
      terms: new Map([['c', { price: 2, priority: 1 }]]),
    })),
})

describe('a decision record', () => {
  test('gives the same answer again, reasons included, after a way through JSON', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { decision, record } = decideAndRecord(given)
        const again = replay(reread(record))
        expect(isRecorded(record, again)).toBe(true)
        const shown = ({ candidates, behind, rejected, ttlSeconds, panic, advertisements }: typeof decision) => ({
          candidates: candidates.map(({ provider, matched, because }) => ({ provider, matched, because })),
          behind,
          rejected,
          ttlSeconds,
          panic,
          advertisements,
        })
        expect(shown(again)).toEqual(shown(decision))
      }),
      { numRuns: 100 },
    )
  })

  test('says where in which map the client was found', () => {
    const { record } = decideAndRecord({ client: '192.0.2.7', sketches: [{ id: 'a' }], policy: POLICY, used: 0 })
    expect(reread(record)).toMatchObject({ map: 'm1', mapMadeAt: NOW - 1000, class: 7, prefix: '192.0.2.0/25' })
  })

  test('is told from another answer', () => {
    const { record } = decideAndRecord({
      client: '192.0.2.7',
      sketches: [{ id: 'a' }, { id: 'b' }],
      policy: POLICY,
      used: 0,
    })
    const other = { ...record, answer: { ...record.answer, candidates: [...record.answer.candidates].reverse() } }
    expect(isRecorded(other, replay(other))).toBe(false)
  })

  test('says what another policy would have answered', () => {
    const sketches = [
      { id: 'a', priority: 1 },
      { id: 'b', priority: 2 },
    ]
    const records = ['192.0.2.7', '198.51.100.1'].map(
      (client) => decideAndRecord({ client, sketches, policy: POLICY, used: 0 }).record,
    )
    const footprints = [{ 'footprint-type': 'countrycode', 'footprint-value': ['de'] }]
    const policy = compilePolicy(
      { version: 1, defaults: { rules: [{ id: 'no-a', action: 'deny', footprints, providers: ['a'] }] } },
      POLICY,
      'r9',
    )
    expect(records.map((record) => replayUnder(reread(record), policy).candidates[0]?.provider)).toEqual(['a', 'b'])
    const comparison = createTrafficComparison(policy)
    expect(comparison.result()).toBeUndefined()
    for (const record of records) comparison.add(record)
    expect(comparison.result()).toEqual({
      decisions: 2,
      moved: 0.5,
      providers: [
        { provider: 'a', before: 1, after: 0.5 },
        { provider: 'b', before: 0, after: 0.5 },
      ],
    })
  })
})

describe('the decision log', () => {
  const { record } = decideAndRecord({ client: '192.0.2.7', sketches: [{ id: 'a' }], policy: POLICY, used: 0 })

  test('remembers the latest and writes all of them, one a line, in a file that does not grow for ever', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'moq-broker-decisions-'))
    try {
      const file = join(folder, 'decisions.ndjson')
      const options = {
        sample: 1,
        remember: 2,
        file,
        maxBytes: 3 * (JSON.stringify(record).length - 20),
        random: () => 0,
        log: () => {},
      }
      for (const at of [1, 2, 3]) {
        await using log = createDecisionLog(options)
        log.add({ ...record, at })
        log.add({ ...record, at: at + 10 })
        log.add({ ...record, at: at + 20 })
        expect(log.recent().map((one) => one.at)).toEqual([at + 10, at + 20])
      }
      const times = async (path: string): Promise<readonly number[]> =>
        (await readFile(path, 'utf8'))
          .trimEnd()
          .split('\n')
          .map((line) => DecisionRecordSchema.parse(JSON.parse(line)).at)
      expect(await times(file)).toEqual([3, 13, 23])
      expect(await times(`${file}.1`)).toEqual([2, 12, 22])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('samples a share, and says when a file cannot be written', async () => {
    const events: string[] = []
    const random = [0.05, 0.5, 0.09, 0.1][Symbol.iterator]()
    const options = { sample: 0.1, remember: 0, maxBytes: 100, random: () => random.next().value ?? 1 }
    const log = createDecisionLog({ ...options, file: '/nowhere/at/all.ndjson', log: (event) => events.push(event) })
    expect([log.wants(), log.wants(), log.wants(), log.wants()]).toEqual([true, false, true, false])
    log.add(record)
    await log[Symbol.asyncDispose]()
    expect(events).toEqual(['decision_log.failed', 'decision_log.dropped'])
    expect(log.recent()).toEqual([])
  })
})
