/** Named sets of records. Closed, so that a typing error cannot open a new one. */
export type Collection =
  | 'scopes'
  | 'operations'
  | 'open-operations'
  | 'attention'
  | 'credentials'
  | 'orphans'
  | 'providers'
  | 'advertisements'
  | 'idempotency'
  | 'keys'
  | 'drills'
  | 'policies'
  | 'fci-subscriptions'
  | 'fci-footprints'
  | 'measurements'
  | 'meta'

/** A stored record. `value` is JSON text: the store does not look inside. */
export interface StoredRecord {
  /** Any well-formed Unicode text. */
  readonly id: string
  /** Starts at 1 and grows by 1 with every put; a deleted and re-created id starts at 1 again. */
  readonly revision: number
  readonly value: string
}

/** What must be true of a record for the commit to go through. */
export type Expectation = 'absent' | 'any' | { readonly revision: number }

export type Change =
  | {
      readonly kind: 'put'
      readonly collection: Collection
      readonly id: string
      readonly value: string
      readonly expect: Expectation
      /** The record vanishes this many milliseconds after the commit. Such records are not listed. */
      readonly ttlMs?: number
    }
  | {
      readonly kind: 'delete'
      readonly collection: Collection
      readonly id: string
      readonly expect: Exclude<Expectation, 'absent'>
    }
  /** Appends to an ordered stream. */
  | { readonly kind: 'event'; readonly stream: string; readonly value: string }

export interface StoredEvent {
  /** Grows by 1 within its stream, from 1. */
  readonly sequence: number
  readonly value: string
}

export interface ListOptions {
  /** Only ids after this one in list order. A cursor stays valid when its record has been deleted. */
  readonly after?: string
  readonly limit: number
  /** Default ascending by id (byte order). */
  readonly descending?: boolean
}

/** A lease on a name. `token` is larger than that of every earlier lease on the same name, across restarts. */
export interface Lease {
  readonly name: string
  readonly holder: string
  readonly token: number
}

/** A commit that is only valid while nobody holds a newer lease. */
export interface CommitOptions {
  readonly fence?: Lease
}

/**
 * - `conflict`: an expectation did not hold; nothing was written. Read again and decide anew.
 * - `fenced`: the lease named in `fence` is no longer the newest or has run out; nothing was written.
 * - `unavailable`: the store did not answer; for a commit it is unknown whether it was written.
 * - `locked`: another process holds the data folder.
 * - `corrupt`: what is stored cannot be read.
 * - `full`: no space is left; nothing was written.
 */
export type StoreErrorCode = 'conflict' | 'fenced' | 'unavailable' | 'locked' | 'corrupt' | 'full'

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/**
 * Where the broker keeps what it must not lose. Every method throws `StoreError` and nothing else.
 * A commit is atomic and durable when its promise resolves: all of its changes or none.
 */
export interface Store extends AsyncDisposable {
  readonly kind: 'embedded' | 'redis'
  get(collection: Collection, id: string): Promise<StoredRecord | undefined>
  /** In the order of `ids`; `undefined` where there is none. */
  getMany(collection: Collection, ids: readonly string[]): Promise<(StoredRecord | undefined)[]>
  list(collection: Collection, options: ListOptions): Promise<StoredRecord[]>
  /** The new revision of every `put`, in the order of the changes. */
  commit(changes: readonly Change[], options?: CommitOptions): Promise<number[]>
  readEvents(stream: string, options: { readonly after?: number; readonly limit: number }): Promise<StoredEvent[]>
  /** The lease, or `undefined` while another holder has it. The same holder gets it anew with a new token. */
  acquireLease(name: string, holder: string, ttlMs: number): Promise<Lease | undefined>
  /** False when the lease was lost. */
  renewLease(lease: Lease, ttlMs: number): Promise<boolean>
  releaseLease(lease: Lease): Promise<void>
  /** Resolves when the store answers. */
  ping(): Promise<void>
}
