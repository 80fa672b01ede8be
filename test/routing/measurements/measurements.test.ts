import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDecayingHistogram } from '../../../src/routing/measurements/decaying-histogram.ts'
import { createMeasurementBoard } from '../../../src/routing/measurements/measurement-board.ts'
import { createUsageBoard } from '../../../src/routing/measurements/usage-board.ts'
import { clientAt, NOW } from '../../support/routing-facts.ts'

const HOUR = 3_600_000

describe('a decaying histogram', () => {
  test('has the median of what was added, within a tenth', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (values) => {
          const histogram = createDecayingHistogram(HOUR)
          for (const value of values) histogram.add(value, NOW)
          const sorted = [...values].sort((a, b) => a - b)
          const low = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0
          const high = sorted[Math.floor(sorted.length / 2)] ?? 0
          const median = histogram.median() ?? 0
          expect(median).toBeGreaterThan(low / 1.11)
          expect(median).toBeLessThan(high * 1.11)
          expect(histogram.weight(NOW)).toBeCloseTo(values.length)
        },
      ),
    )
  })

  test('forgets half of what it knows in every half-life', () => {
    const histogram = createDecayingHistogram(HOUR)
    for (let i = 0; i < 8; i++) histogram.add(10, NOW)
    expect(histogram.weight(NOW + 2 * HOUR)).toBeCloseTo(2)
    for (let i = 0; i < 3; i++) histogram.add(100, NOW + 2 * HOUR)
    expect(histogram.median()).toBeGreaterThan(90)
  })

  test('takes values out of order for what they weigh', () => {
    const [forth, back] = [createDecayingHistogram(HOUR), createDecayingHistogram(HOUR)]
    forth.add(10, NOW)
    forth.add(90, NOW + HOUR)
    back.add(90, NOW + HOUR)
    back.add(10, NOW)
    expect(back.weight(NOW + HOUR)).toBeCloseTo(forth.weight(NOW + HOUR))
    expect(back.median()).toBeCloseTo(forth.median() ?? 0)
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

describe('usage', () => {
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
