import { expect, it } from 'vitest'
import { type GuardPolicy, judgeChange } from '../../src/broker/advertisements/advertisement-guard.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import { advertisementFor } from '../support/advertisement-world.ts'

const POLICY: GuardPolicy = { lost_share: 0.5, action: 'hold', hold_seconds: 900, empty: 'accept' }
const some = parseAdvertisement(advertisementFor('de', 'fr'))
const nothing = parseAdvertisement(advertisementFor())

it.each([
  ['a first one', undefined, some, 1, {}, 'accept'],
  ['one after an empty one', nothing, some, 1, {}, 'accept'],
  ['one that loses little', some, some, 0.49, {}, 'accept'],
  ['one that loses as much as the limit', some, some, 0.5, {}, 'hold'],
  ['one that loses all but is not empty', some, some, 1, {}, 'hold'],
  ['one that loses nothing, whatever the limit', some, some, 0, { lost_share: 0 }, 'accept'],
  ['one that loses much while nobody looks', some, some, 1, { action: 'accept' }, 'accept'],
  ['one that loses much while it is only told', some, some, 1, { action: 'log' }, 'accept'],
  ['an empty one, which says "not ready"', some, nothing, 1, {}, 'accept'],
  ['an empty one that is doubted', some, nothing, 1, { empty: 'hold' }, 'hold'],
] as const)('%s: %#', (_name, before, after, lost, policy, verdict) => {
  expect(judgeChange(before, after, { ...POLICY, ...policy }, lost).kind).toBe(verdict)
})

it('says why it is told', () => {
  expect(judgeChange(some, some, { ...POLICY, action: 'log' }, 0.75)).toMatchObject({
    because: 'it loses 75 % of the coverage, the limit is 50 %',
  })
})
