import { StoreError } from './store.ts'

/** Texts of ENOSPC, EDQUOT and EFBIG, which LevelDB passes on without their numbers. */
const NO_SPACE = /no space left|disk quota exceeded|file too large|ENOSPC|EDQUOT|EFBIG/i

/** What LevelDB reported, in one line: the message of the innermost cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message
}

function hasCode(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && error.code === code) || hasCode(error.cause, code)
}

/** Why the data folder could not be opened, and what to do. */
export function openFailure(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error
  const cause = { cause: error }
  if (hasCode(error, 'LEVEL_LOCKED')) {
    return new StoreError(
      'locked',
      `The data folder ${path} is in use by another process. Stop that one, give this one a folder of its own, or let several share a Redis store.`,
      cause,
    )
  }
  if (hasCode(error, 'LEVEL_CORRUPTION')) {
    return new StoreError(
      'corrupt',
      `The data folder ${path} cannot be read (${reasonOf(error)}). Restore it from a backup, or name an empty folder to start anew.`,
      cause,
    )
  }
  if (NO_SPACE.test(reasonOf(error))) return fullError(path, error)
  return new StoreError(
    'unavailable',
    `The data folder ${path} cannot be opened (${reasonOf(error)}). Check that it is a folder which this user may write to.`,
    cause,
  )
}

/** Why a read or a write failed, and what to do. */
export function accessFailure(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error
  if (hasCode(error, 'LEVEL_CORRUPTION')) {
    return new StoreError(
      'corrupt',
      `The data folder ${path} is damaged (${reasonOf(error)}). Stop the broker and restore the folder from a backup.`,
      { cause: error },
    )
  }
  if (NO_SPACE.test(reasonOf(error))) return fullError(path, error)
  return new StoreError('unavailable', `The data folder ${path} did not take or give the data (${reasonOf(error)}).`, {
    cause: error,
  })
}

export function fullError(path: string, cause?: unknown): StoreError {
  return new StoreError(
    'full',
    `No space is left for the data folder ${path}. Nothing was written; free some space, then repeat the request.`,
    { cause },
  )
}

export function closedError(path: string): StoreError {
  return new StoreError('unavailable', `The store in ${path} is closed.`)
}
