import { StoreError } from '../../src/broker/store/store.ts'

/** The StoreError that a call ends with; fails where it succeeds or throws anything else. */
export async function storeErrorOf(call: Promise<unknown>): Promise<StoreError> {
  try {
    await call
  } catch (error) {
    if (error instanceof StoreError) return error
    throw new Error('expected a StoreError', { cause: error })
  }
  throw new Error('expected a StoreError, but the call succeeded')
}
