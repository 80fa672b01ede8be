import { StoreError } from './store.ts'

/** What became of a command that failed. */
export type RedisFailure =
  /** It was not carried out, and may be in a moment. The reason is what Redis replied, if it did. */
  | { readonly kind: 'refused'; readonly reason?: string }
  /** The connection broke: it may have been carried out. */
  | { readonly kind: 'lost' }
  /** It was not carried out, and will not be. */
  | { readonly kind: 'final'; readonly error: StoreError }

/** Replies after which the same command may succeed a moment later. */
const PASSING = /\b(?:READONLY|LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS)\b/
const NOT_SENT = /enableOfflineQueue/

/**
 * Sorts what ioredis threw. Its errors carry the command with all arguments, among them passwords and stored values,
 * so only their messages are taken over.
 */
export function redisFailure(error: unknown, place: string): RedisFailure {
  if (error instanceof StoreError) return { kind: 'final', error }
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof Error) || error.name !== 'ReplyError') {
    return { kind: NOT_SENT.test(message) ? 'refused' : 'lost' }
  }
  if (PASSING.test(message)) return { kind: 'refused', reason: message }
  return { kind: 'final', error: replyError(message, place) }
}

function replyError(message: string, place: string): StoreError {
  if (/\bOOM\b/.test(message)) {
    return new StoreError(
      'full',
      `Redis at ${place} has reached its maxmemory. Nothing was written; give it more memory, then repeat the request.`,
    )
  }
  if (/\bMISCONF\b/.test(message)) {
    return /no space left/i.test(message)
      ? new StoreError(
          'full',
          `Redis at ${place} has no space left on its disk. Nothing was written; free some, then repeat the request.`,
        )
      : new StoreError(
          'unavailable',
          `Redis at ${place} cannot save its data and takes no writes. Nothing was written; look into its log. It said: ${message}`,
        )
  }
  if (/\b(?:NOAUTH|WRONGPASS|NOPERM)\b/.test(message)) {
    return new StoreError(
      'unavailable',
      `Redis at ${place} refused this user. Check the user name, the password and the user's ACL. It said: ${message}`,
    )
  }
  if (/\bWRONGTYPE\b/.test(message)) {
    return new StoreError(
      'corrupt',
      `Redis at ${place} holds something else under a key of this store. Use another prefix. It said: ${message}`,
    )
  }
  return new StoreError('unavailable', `Redis at ${place} refused a command of the store. It said: ${message}`)
}
