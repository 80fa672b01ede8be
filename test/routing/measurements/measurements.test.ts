import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createMeasurementBoard,
  type MeasurementBoard,
  SHARDS,
} from '../../../src/routing/measurements/measurement-board.ts'
import { Neighbourhood } from '../../../src/routing/measurements/neighbourhood.ts'
import { createUsageBoard } from '../../../src/routing/measurements/usage-board.ts'
import { clientAt, NOW } from '../../support/routing-facts.ts'

const HOUR = 3_600_000

const sample = fc.record(
  {
    at: fc.integer({ min: NOW - 40 * HOUR, max: NOW }),
    rttMs: fc.double({ min: 1, max: 10_000, noNaN: true }),
    throughputKbps: fc.double({ min: 100, max: 1_000_000, noNaN: true }),
    error: fc.boolean(),
    rebufferShare: fc.double({ min: 0, max: 1, noNaN: true }),
  },
  { requiredKeys: ['at'] },
)

/** What a neighbourhood says, to some digits. */
function saidBy(one: Neighbourhood, now = NOW): unknown {
  const told = [one.weight(now), one.rttMs(now, 0), one.throughputKbps(now, 0), one.errorShare(now, 0)]
  return [...told, one.rebufferShare(now, 0)].map((value) => value?.toPrecision(3))
}

describe('a neighbourhood', () => {
  test('has the medians of what was added, within a tenth', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 100, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (values) => {
          const one = new Neighbourhood(HOUR)
          for (const value of values) one.add({ at: NOW, rttMs: value, throughputKbps: 10 * value })
          const sorted = [...values].sort((a, b) => a - b)
          const low = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0
          const high = sorted[Math.floor(sorted.length / 2)] ?? 0
          for (const median of [one.rttMs(NOW, 1) ?? 0, (one.throughputKbps(NOW, 1) ?? 0) / 10]) {
            expect(median).toBeGreaterThan(low / 1.11)
            expect(median).toBeLessThan(high * 1.11)
          }
          expect(one.weight(NOW)).toBeCloseTo(values.length)
        },
      ),
    )
  })

  test('forgets half of what it knows in every half-life', () => {
    const one = new Neighbourhood(HOUR)
    for (let i = 0; i < 8; i++) one.add({ at: NOW, rttMs: 10 })
    expect(one.weight(NOW + 2 * HOUR)).toBeCloseTo(2)
    for (let i = 0; i < 3; i++) one.add({ at: NOW + 2 * HOUR, rttMs: 100 })
    expect(one.rttMs(NOW + 2 * HOUR, 3)).toBeGreaterThan(90)
    expect(one.rttMs(NOW + 100 * HOUR, 3)).toBeUndefined()
  })

  test('takes samples in any order, at once or from others, for the same', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 30 }), fc.array(sample, { maxLength: 30 }), (ours, theirs) => {
        const [all, one, other] = [new Neighbourhood(HOUR), new Neighbourhood(HOUR), new Neighbourhood(HOUR)]
        for (const each of [...theirs, ...ours]) all.add(each)
        for (const each of ours) one.add(each)
        for (const each of theirs) other.add(each)
        const both = new Neighbourhood(HOUR)
        for (const part of [one, other]) if (part.weight(NOW) > 0) both.merge(part.state())
        expect(saidBy(both)).toEqual(saidBy(all))
      }),
    )
  })
})

describe('measurements', () => {
  const options = { halfLifeMs: HOUR, minWeight: 3, maxGroups: 1_000 }
  const here = clientAt('192.0.2.7')

  test('are those of the narrowest neighbourhood with enough samples', () => {
    const board = createMeasurementBoard(options)
    const add = (client: string, rttMs: number, count: number): void => {
      for (let i = 0; i < count; i++) board.add(clientAt(client), { provider: 'a', at: NOW, rttMs })
    }
    add('198.51.100.1', 500, 4)
    expect(board.near(here, 'a', NOW)).toMatchObject({ of: 'everybody', weight: 4 })
    add('2001:db8::1', 100, 3)
    expect(board.near(here, 'a', NOW)).toMatchObject({ of: 'as64496', weight: 3 })
    add('192.0.2.9', 20, 2)
    expect(board.near(here, 'a', NOW)?.of).toBe('as64496')
    add('192.0.2.8', 20, 2)
    const near = board.near(here, 'a', NOW + 5_000)
    expect(near).toMatchObject({ of: 'prefix 192.0.2.0/24', ageSeconds: 5 })
    expect(near?.rttMs).toBeGreaterThan(18)
    expect(near?.rttMs).toBeLessThan(22)
    expect(board.near(here, 'b', NOW)).toBeUndefined()
  })

  test('of errors and rebuffering are means, older ones counted less', () => {
    const board = createMeasurementBoard(options)
    for (let i = 0; i < 8; i++) board.add(here, { provider: 'a', at: NOW, error: true, rebufferShare: 0.5 })
    for (let i = 0; i < 8; i++) board.add(here, { provider: 'a', at: NOW + HOUR, error: false, rebufferShare: 0.5 })
    const near = board.near(here, 'a', NOW + HOUR)
    expect(near?.errorShare).toBeCloseTo(4 / 12)
    expect(near?.rebufferShare).toBeCloseTo(0.5)
    expect(near?.rttMs).toBeUndefined()
  })

  test('grow old until the canaries of the broker say more', () => {
    const board = createMeasurementBoard(options)
    for (let i = 0; i < 4; i++) board.add(here, { provider: 'a', at: NOW, rttMs: 10 })
    board.addSynthetic('a', 40, NOW + HOUR)
    expect(board.near(here, 'a', NOW + HOUR / 4)?.of).toBe('prefix 192.0.2.0/24')
    expect(board.near(here, 'a', NOW + HOUR)).toMatchObject({ of: 'canary', ageSeconds: 0 })
  })

  test('take bounded memory: what was not added to for longest is forgotten', () => {
    const board = createMeasurementBoard({ ...options, maxGroups: 50 })
    for (let i = 0; i < 5_000; i++) {
      const address = { version: 4 as const, value: BigInt(i) << 8n }
      board.add({ address }, { provider: `cdn-${i % 7}`, at: NOW, rttMs: 10 })
      expect(board.size()).toBeLessThanOrEqual(50)
    }
  })
})

describe('the version of measurements', () => {
  const here = clientAt('192.0.2.7')
  const board = (): MeasurementBoard => createMeasurementBoard({ halfLifeMs: HOUR, minWeight: 3, maxGroups: 1_000 })
  const add = (to: MeasurementBoard, rttMs: number, at: number, count = 1): void => {
    for (let i = 0; i < count; i++) to.add(here, { provider: 'a', at, rttMs })
  }

  test('changes when a neighbourhood begins to say something, and when its median has moved by a tenth', () => {
    const one = board()
    add(one, 100, NOW, 2)
    expect(one.version(NOW)).toBe(0)
    add(one, 100, NOW)
    expect(one.version(NOW)).toBe(1)
    add(one, 103, NOW, 30)
    expect(one.version(NOW + 10_000)).toBe(1)
    add(one, 150, NOW, 100)
    expect(one.version(NOW + 10_000)).toBe(2)
  })

  test('changes at most once in five seconds, and then at once', () => {
    const one = board()
    const seen = new Set<number>()
    for (let ms = 0; ms < 20_000; ms += 100) {
      add(one, ms % 200 === 0 ? 10 : 1_000, NOW + ms, 200)
      seen.add(one.version(NOW + ms))
    }
    expect([...seen]).toEqual([1, 2, 3, 4])
  })

  test('changes with a share that moves by a hundredth, and with canaries', () => {
    const one = board()
    for (let i = 0; i < 100; i++) one.add(here, { provider: 'a', at: NOW, error: false })
    expect(one.version(NOW)).toBe(1)
    one.add(here, { provider: 'a', at: NOW, error: true })
    expect(one.version(NOW + 10_000)).toBe(1)
    one.add(here, { provider: 'a', at: NOW, error: true })
    expect(one.version(NOW + 10_000)).toBe(2)
    one.addSynthetic('b', 20, NOW)
    expect(one.version(NOW + 20_000)).toBe(3)
  })
})

describe('measurements that are stored', () => {
  const here = clientAt('192.0.2.7')
  const board = (): MeasurementBoard => createMeasurementBoard({ halfLifeMs: HOUR, minWeight: 3, maxGroups: 1_000 })
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard)

  test('say the same to whoever takes them, together with what was not stored there yet', () => {
    const [one, other] = [board(), board()]
    for (let i = 0; i < 4; i++) one.add(here, { provider: 'a', at: NOW, rttMs: 20, error: true })
    for (let i = 0; i < 4; i++) other.add(here, { provider: 'a', at: NOW, rttMs: 20, error: false })
    for (const shard of one.unsaved()) other.take(shard, one.save(shard, NOW).states, NOW)
    expect(one.unsaved()).toEqual([])
    expect(other.near(here, 'a', NOW)).toMatchObject({ weight: 8, errorShare: 0.5 })
    // What the store has takes the place of what came from it before, and is not added to it.
    for (const shard of other.unsaved()) one.take(shard, other.save(shard, NOW).states, NOW)
    expect(one.near(here, 'a', NOW)).toEqual(other.near(here, 'a', NOW))
    expect(one.version(NOW)).toBe(1)
  })

  test('count as not stored again where storing failed', () => {
    const [one, other] = [board(), board()]
    for (let i = 0; i < 4; i++) one.add(here, { provider: 'a', at: NOW, rttMs: 20 })
    const saves = one.unsaved().map((shard) => one.save(shard, NOW))
    one.add(here, { provider: 'a', at: NOW, rttMs: 20 })
    for (const { failed } of saves) failed()
    for (const shard of shards) one.take(shard, other.save(shard, NOW).states, NOW)
    expect(one.near(here, 'a', NOW)?.weight).toBeCloseTo(5)
  })

  test('are left out when they weigh next to nothing, come from far ahead, or belong to another shard', () => {
    const [one, other] = [board(), board()]
    for (let i = 0; i < 4; i++) one.add(here, { provider: 'a', at: NOW, rttMs: 20 })
    const [shard = 0] = one.unsaved()
    const { states } = one.save(shard, NOW)
    expect(states).not.toEqual([])
    other.take((shard + 1) % SHARDS, states, NOW)
    other.take(shard, states, NOW - 24 * HOUR)
    expect(other.size()).toBe(0)
    expect(one.save(shard, NOW + 10 * HOUR).states).toEqual([])
  })
})

describe('usage', () => {
  test('that is stored takes the place of older readings only', () => {
    const [one, other] = [createUsageBoard(), createUsageBoard()]
    one.report('a', { limitType: 'egress' }, { value: 1, at: 10 })
    one.report('a', { limitType: 'sessions' }, { value: 2, at: 10 })
    other.report('a', { limitType: 'egress' }, { value: 3, at: 11 })
    other.take(one.readings())
    expect(other.lookup('a', { limitType: 'egress' })?.value).toBe(3)
    expect(other.lookup('a', { limitType: 'sessions' })?.value).toBe(2)
    const version = other.version()
    other.take(one.readings())
    expect(other.version()).toBe(version)
  })

  test('is found by id, then by telemetry, then by type, and an older report does not replace a newer one', () => {
    const board = createUsageBoard()
    const telemetrySource = { id: 'src', metric: 'egress' }
    const limit = { id: 'l1', limitType: 'egress', telemetrySource }
    expect([board.version(), board.lookup('a', limit)]).toEqual([0, undefined])
    board.report('a', { limitType: 'egress' }, { value: 1, at: 10 })
    expect(board.lookup('a', limit)?.value).toBe(1)
    board.report('a', { limitType: 'egress', telemetrySource }, { value: 2, at: 5 })
    expect(board.lookup('a', limit)?.value).toBe(2)
    board.report('a', { id: 'l1', limitType: 'egress' }, { value: 3, at: 5 })
    board.report('a', { id: 'l1', limitType: 'egress' }, { value: 4, at: 4 })
    expect(board.lookup('a', limit)).toEqual({ value: 3, at: 5 })
    expect(board.lookup('a', { limitType: 'sessions' })).toBeUndefined()
    expect(board.version()).toBe(3)
  })
})
