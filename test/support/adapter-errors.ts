import { inspect } from 'node:util'
import { AdapterError } from '../../src/adapters/errors.ts'

/** The AdapterError that a call ends with; fails where it succeeds or throws anything else. */
export async function adapterErrorOf(call: Promise<unknown>): Promise<AdapterError> {
  try {
    await call
  } catch (error) {
    if (error instanceof AdapterError) return error
    throw new Error('expected an AdapterError', { cause: error })
  }
  throw new Error('expected an AdapterError, but the call succeeded')
}

/** Everything that an error shows when it is printed, logged or serialised. */
export function everythingShownBy(error: Error): string {
  const members = JSON.stringify(Object.entries({ message: error.message, stack: error.stack }))
  const printed = inspect(error, { depth: 10, showHidden: true })
  return [String(error), JSON.stringify(error), members, printed].join('\n')
}
