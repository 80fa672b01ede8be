import { expect, it } from 'vitest'
import { compareInterleaved } from '../../bench/interleaved-rounds.ts'

function recording(): {
  readonly order: string[]
  readonly measure: (name: string, values: number[]) => () => Promise<number>
} {
  const order: string[] = []
  return {
    order,
    measure: (name, values) => async () => {
      order.push(name)
      return values.shift() ?? Number.NaN
    },
  }
}

it('takes the median of the ratios of each round, without the warm-up', async () => {
  const { measure } = recording()
  const result = await compareInterleaved({
    subject: measure('subject', [1000, 10, 20, 90]),
    baseline: measure('baseline', [1, 10, 10, 10]),
    rounds: 3,
    warmupRounds: 1,
    signal: new AbortController().signal,
  })
  expect(result).toEqual({ ratio: 2, noise: 2, subject: 20, baseline: 10 })
})

it('changes the order from round to round', async () => {
  const { order, measure } = recording()
  await compareInterleaved({
    subject: measure('subject', [1, 1, 1]),
    baseline: measure('baseline', [1, 1, 1]),
    rounds: 2,
    warmupRounds: 1,
    signal: new AbortController().signal,
  })
  expect(order).toEqual(['baseline', 'subject', 'subject', 'baseline', 'baseline', 'subject'])
})

it('stops when it is interrupted', async () => {
  const controller = new AbortController()
  const comparison = compareInterleaved({
    subject: async () => {
      controller.abort(new Error('interrupted'))
      return 1
    },
    baseline: async () => 1,
    rounds: 1000,
    warmupRounds: 0,
    signal: controller.signal,
  })
  await expect(comparison).rejects.toThrow('interrupted')
})
