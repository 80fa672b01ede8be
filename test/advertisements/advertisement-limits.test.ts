import { expect, it } from 'vitest'
import { advertisementLimits } from '../../src/broker/advertisements/advertisement-limits.ts'
import { FciSchema } from '../../src/broker/config/fci-schema.ts'

const fci = FciSchema.parse({ url: 'https://fci.example/' })

it.each([
  ['the operator alone', {}, { pollSeconds: 60, staleSeconds: 600, expireSeconds: 86_400 }],
  ['a short freshness', { freshSeconds: 10 }, { pollSeconds: 10 }],
  ['a long freshness', { freshSeconds: 3_600 }, { pollSeconds: 60 }],
  ['no freshness at all', { freshSeconds: 0 }, { pollSeconds: 1 }],
  ['stale-if-error', { freshSeconds: 60, staleIfErrorSeconds: 300 }, { expireSeconds: 360, staleSeconds: 360 }],
  ['stale-if-error beyond ours', { freshSeconds: 60, staleIfErrorSeconds: 1e6 }, { expireSeconds: 86_400 }],
  ['stale-while-revalidate', { freshSeconds: 300, staleWhileRevalidateSeconds: 30 }, { staleSeconds: 330 }],
  ['two polls before it is stale', { freshSeconds: 60, staleWhileRevalidateSeconds: 0 }, { staleSeconds: 130 }],
  [
    'two polls before it is gone',
    { freshSeconds: 10, staleIfErrorSeconds: 0 },
    { staleSeconds: 30, expireSeconds: 30 },
  ],
])('%s gives the limits', (_name, freshness, limits) => {
  expect(advertisementLimits(fci, freshness)).toMatchObject(limits)
})

it('a file never grows old', () => {
  expect(advertisementLimits(undefined)).toMatchObject({ staleSeconds: Number.POSITIVE_INFINITY })
})
