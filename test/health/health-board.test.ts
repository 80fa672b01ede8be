import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHealthBoard, type HealthChange, type Observation } from '../../src/broker/health/health-board.ts'
import type { HealthState } from '../../src/routing/decision.ts'

type Outcome = Observation['outcome']
const OUTCOMES = { G: 'good', W: 'weak', B: 'bad' } as const

/** The state after each of the observations, e.g. `GGB`. */
function statesAfter(letters: string, fall = 3, rise = 2): string {
  const board = createHealthBoard({ providers: ['x'], fall, rise, now: () => 0 })
  const initials = { unknown: '?', up: 'U', degraded: 'D', down: '-' } as const
  return letters
    .split('')
    .map((letter) => {
      const outcome = Object.entries(OUTCOMES).find(([name]) => name === letter)?.[1] ?? 'good'
      board.observe('x', { outcome, reason: letter })
      return initials[board.get('x').state]
    })
    .join('')
}

describe('the health of a provider', () => {
  it('is unknown until something is observed', () => {
    const board = createHealthBoard({ providers: ['x'], fall: 1, rise: 1, now: () => 7 })
    expect(board.get('x')).toEqual({ state: 'unknown', since: 7, reason: 'not observed yet' })
    expect(board.get('y')).toMatchObject({ state: 'unknown', reason: 'not watched' })
  })

  it.each([
    ['one good observation ends unknown, because it is proof', 'G', 'U'],
    ['bad ones end it only after fall in a row', 'BBB', '??-'],
    ['weak ones make it degraded after fall in a row', 'WWW', '??D'],
    ['weak and bad ones together make it degraded first', 'WBBB', '??D-'],
    ['a good one between bad ones starts the count anew', 'GBBGBBB', 'UUUUUU-'],
    ['weak ones make up degraded after fall in a row', 'GWWW', 'UUUD'],
    ['degraded becomes up after rise good ones in a row', 'GWWWGWGG', 'UUUDDDDU'],
    ['degraded becomes down after fall bad ones in a row', 'GWWWBBWBBB', 'UUUDDDDDD-'],
    ['down becomes up after rise good ones in a row', 'BBBGBGG', '??----U'],
    ['down becomes degraded after rise that are not bad', 'BBBWBWG', '??----D'],
    ['degraded out of down still needs rise good ones', 'BBBWWGG', '??--DDU'],
  ])('%s: %s', (_, observed, expected) => {
    expect(statesAfter(observed)).toBe(expected)
  })

  it('tells listeners of changes with the evidence, and keeps the evidence of a lasting state fresh', () => {
    let time = 100
    const board = createHealthBoard({ providers: ['x'], fall: 2, rise: 2, now: () => time })
    const changes: HealthChange[] = []
    const stop = board.onChange((change) => changes.push(change))
    board.observe('x', { outcome: 'good', reason: 'first' })
    time = 200
    board.observe('x', { outcome: 'good', reason: 'second' })
    expect(board.get('x')).toEqual({ state: 'up', since: 100, reason: 'second' })
    board.observe('x', { outcome: 'bad', reason: 'a blip' })
    expect(board.get('x').reason).toBe('second')
    board.observe('x', { outcome: 'bad', reason: 'gone' })
    expect(changes).toEqual([
      { provider: 'x', from: 'unknown', to: 'up', reason: 'first', at: 100 },
      { provider: 'x', from: 'up', to: 'down', reason: 'gone', at: 200 },
    ])
    stop()
    board.observe('x', { outcome: 'good', reason: 'back' })
    board.observe('x', { outcome: 'good', reason: 'back' })
    expect(changes).toHaveLength(2)
    expect(board.flaps('x')).toBe(2)
    expect(board.flaps('y')).toBe(0)
  })

  it('ignores providers that are not listed', () => {
    const board = createHealthBoard({ providers: ['x'], fall: 1, rise: 1, now: () => 0 })
    board.observe('y', { outcome: 'good', reason: 'up' })
    expect(board.get('y').state).toBe('unknown')
  })

  it('never changes on fewer than fall or rise observations in a row', () => {
    const rank = { down: 0, degraded: 1, unknown: 1, up: 2 } as const satisfies Record<HealthState, number>
    const outcome = fc.constantFrom<Outcome>('good', 'weak', 'bad')
    const property = (observed: readonly Outcome[], fall: number, rise: number): void => {
      const board = createHealthBoard({ providers: ['x'], fall, rise, now: () => 0 })
      observed.forEach((one, index) => {
        const before = board.get('x').state
        board.observe('x', { outcome: one, reason: '' })
        const after = board.get('x').state
        if (after === before) return
        const last = (count: number): readonly Outcome[] => observed.slice(0, index + 1).slice(-count)
        if (after === 'up') {
          const needed = before === 'unknown' ? 1 : rise
          expect(last(needed)).toEqual(Array.from({ length: needed }, () => 'good'))
        } else if (before === 'down') {
          expect(last(rise).filter((seen) => seen !== 'bad')).toHaveLength(rise)
        } else {
          expect(rank[after]).toBeLessThanOrEqual(rank[before])
          const counts = after === 'down' ? (seen: Outcome) => seen === 'bad' : (seen: Outcome) => seen !== 'good'
          expect(last(fall).filter(counts)).toHaveLength(fall)
        }
      })
    }
    const times = fc.integer({ min: 1, max: 5 })
    fc.assert(fc.property(fc.array(outcome, { maxLength: 60 }), times, times, property))
  })

  it('always follows fall bad or rise good observations in a row', () => {
    const outcome = fc.constantFrom<Outcome>('good', 'weak', 'bad')
    const times = fc.integer({ min: 1, max: 5 })
    fc.assert(
      fc.property(fc.array(outcome), times, times, fc.boolean(), (history, fall, rise, good) => {
        const board = createHealthBoard({ providers: ['x'], fall, rise, now: () => 0 })
        const last: Outcome = good ? 'good' : 'bad'
        const ending = Array.from({ length: good ? rise : fall }, () => last)
        for (const one of [...history, ...ending]) board.observe('x', { outcome: one, reason: '' })
        expect(board.get('x').state).toBe(good ? 'up' : 'down')
      }),
    )
  })
})
