import { afterEach, beforeEach, describe } from 'vitest'
import type { StoreOptions } from '../../src/broker/store/open-store.ts'
import type { Store } from '../../src/broker/store/store.ts'
import { storeCommits } from './store-commits.ts'
import { storeCrashes } from './store-crashes.ts'
import { storeEvents } from './store-events.ts'
import { storeExpiry } from './store-expiry.ts'
import { storeLeases } from './store-leases.ts'
import { storeLists } from './store-lists.ts'
import { storeMeasurements } from './store-measurements.ts'
import { storeModel } from './store-model.ts'

/** A store over data of its own, empty at first. Disposing of it closes the store and deletes the data. */
export interface StoreUnderTest extends AsyncDisposable {
  /** How another process opens the same data. */
  readonly options: StoreOptions
  readonly store: Store
  close(): Promise<void>
  /** Closes the store if it is open, and opens it again over the same data: from then on that is `store`. */
  reopen(): Promise<Store>
  /** Ends when the store's clock has moved on by this much. */
  elapse(ms: number): Promise<void>
}

/** What the `Store` port promises, for one implementation of it. */
export function storeConformance({
  name,
  open,
}: {
  readonly name: string
  readonly open: () => Promise<StoreUnderTest>
}): void {
  describe(`${name} keeps the promises of the Store port`, () => {
    let current: StoreUnderTest | undefined
    beforeEach(async () => {
      current = await open()
    })
    afterEach(async () => {
      await current?.[Symbol.asyncDispose]()
    })
    const underTest = (): StoreUnderTest => {
      if (current === undefined) throw new Error('the store is opened before each test')
      return current
    }
    storeCommits(underTest)
    storeLists(underTest)
    storeExpiry(underTest)
    storeEvents(underTest)
    storeLeases(underTest)
    storeMeasurements(underTest)
    storeModel(open)
    storeCrashes(underTest)
  })
}
