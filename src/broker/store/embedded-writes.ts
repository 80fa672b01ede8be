import { checked, decodeRecord, encodeRecord, type KeptRecord, keys, unchecked } from './embedded-records.ts'
import type { Write } from './group-commit.ts'
import { conflictError, fencedError } from './refusals.ts'
import { type Change, type CommitOptions, type Lease, StoreError } from './store.ts'

type Read = (key: string) => string | undefined

/** What the writes need to know besides the database. */
export interface WriteContext {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** The data folder, for messages. */
  readonly path: string
}

interface KeptLease {
  readonly token: number
  readonly until: number
  readonly holder: string
}

/** The record as it stands, expired or not. */
export function keptRecord(text: string | undefined, key: string, path: string): KeptRecord | undefined {
  if (text === undefined) return undefined
  const record = decodeRecord(text)
  if (record === undefined) throw damagedError(key, path)
  return record
}

function keptNumber(text: string | undefined, key: string, path: string): number {
  if (text === undefined) return 0
  const body = unchecked(text)
  if (body === undefined) throw damagedError(key, path)
  return Number(body)
}

export function damagedError(key: string, path: string): StoreError {
  return new StoreError(
    'corrupt',
    `The entry ${JSON.stringify(key)} in ${path} is damaged. Stop the broker and restore the folder from a backup.`,
  )
}

export function isExpired(record: KeptRecord, now: number): boolean {
  return record.expiresAt !== undefined && record.expiresAt <= now
}

function keptLease(text: string | undefined): KeptLease | undefined {
  const parts = text === undefined ? null : /^(\d+):(\d+):(.*)$/s.exec(text)
  if (parts === null) return undefined
  const [, token, until, holder = ''] = parts
  return { token: Number(token), until: Number(until), holder }
}

function encodeLease(lease: KeptLease): string {
  return `${lease.token}:${lease.until}:${lease.holder}`
}

function holds(read: Read, lease: Lease, now: number): boolean {
  const kept = keptLease(read(keys.lease(lease.name)))
  return kept !== undefined && kept.until > now && kept.token === lease.token && kept.holder === lease.holder
}

function endOf(now: number, ttlMs: number): number {
  return now + Math.max(1, Math.ceil(ttlMs))
}

/** All changes of one commit, or a `conflict` or `fenced` error. Results in the revisions of its puts. */
export function commitWrite(
  changes: readonly Change[],
  options: CommitOptions,
  context: WriteContext,
): Write<number[]> {
  const { fence } = options
  const touched = changes.map(keyOfChange)
  return {
    keys: fence === undefined ? touched : [...touched, keys.lease(fence.name)],
    evaluate(read) {
      const now = context.now()
      if (fence !== undefined && !holds(read, fence, now)) throw fencedError(fence)
      const pending = new Map<string, string | undefined>()
      const current: Read = (key) => (pending.has(key) ? pending.get(key) : read(key))
      const revisions = changes.flatMap((change) => applyChange(change, { current, pending, now, path: context.path }))
      return { changes: pending, result: revisions }
    },
  }
}

function keyOfChange(change: Change): string {
  return change.kind === 'event' ? keys.sequence(change.stream) : keys.record(change.collection, change.id)
}

interface Application {
  readonly current: Read
  readonly pending: Map<string, string | undefined>
  readonly now: number
  readonly path: string
}

function applyChange(change: Change, { current, pending, now, path }: Application): number[] {
  const key = keyOfChange(change)
  if (change.kind === 'event') {
    const sequence = keptNumber(current(key), key, path) + 1
    pending.set(key, checked(String(sequence)))
    pending.set(keys.event(change.stream, sequence), checked(change.value))
    return []
  }
  const kept = keptRecord(current(key), key, path)
  const revision = kept === undefined || isExpired(kept, now) ? 0 : kept.revision
  if (!isExpected(change.expect, revision)) throw conflictError(change, revision)
  if (kept?.expiresAt !== undefined) pending.set(keys.expiry(kept.expiresAt, key), undefined)
  if (change.kind === 'delete') {
    pending.set(key, undefined)
    return []
  }
  const expiresAt = change.ttlMs === undefined ? undefined : endOf(now, change.ttlMs)
  const next = { revision: revision + 1, value: change.value, ...(expiresAt !== undefined && { expiresAt }) }
  pending.set(key, encodeRecord(next))
  if (expiresAt !== undefined) pending.set(keys.expiry(expiresAt, key), '')
  return [next.revision]
}

/** Whether a record at `revision` (0: there is none) is what the change expects. */
function isExpected(expect: Exclude<Change, { kind: 'event' }>['expect'], revision: number): boolean {
  if (expect === 'any') return true
  return expect === 'absent' ? revision === 0 : revision === expect.revision
}

/** Results in the lease, or `undefined` while another holder has it. */
export function acquireWrite(
  name: string,
  holder: string,
  ttlMs: number,
  context: WriteContext,
): Write<Lease | undefined> {
  const leaseKey = keys.lease(name)
  const tokenKey = keys.token(name)
  return {
    keys: [leaseKey, tokenKey],
    evaluate(read) {
      const now = context.now()
      const kept = keptLease(read(leaseKey))
      if (kept !== undefined && kept.until > now && kept.holder !== holder) {
        return { changes: new Map(), result: undefined }
      }
      const token = keptNumber(read(tokenKey), tokenKey, context.path) + 1
      return {
        changes: new Map([
          [tokenKey, checked(String(token))],
          [leaseKey, encodeLease({ token, holder, until: endOf(now, ttlMs) })],
        ]),
        result: { name, holder, token },
      }
    },
  }
}

/** Results in false when the lease was lost. */
export function renewWrite(lease: Lease, ttlMs: number, context: WriteContext): Write<boolean> {
  const key = keys.lease(lease.name)
  return {
    keys: [key],
    evaluate(read) {
      const now = context.now()
      if (!holds(read, lease, now)) return { changes: new Map(), result: false }
      return {
        changes: new Map([[key, encodeLease({ token: lease.token, holder: lease.holder, until: endOf(now, ttlMs) })]]),
        result: true,
      }
    },
  }
}

export function releaseWrite(lease: Lease, context: WriteContext): Write<void> {
  const key = keys.lease(lease.name)
  return {
    keys: [key],
    evaluate: (read) => ({
      changes: new Map(holds(read, lease, context.now()) ? [[key, undefined]] : []),
      result: undefined,
    }),
  }
}

/** Deletes records that have run out, given the keys of their expiry entries. */
export function sweepWrite(expired: readonly { expiryKey: string; recordKey: string }[]): Write<void> {
  return {
    keys: expired.flatMap(({ expiryKey, recordKey }) => [expiryKey, recordKey]),
    evaluate: (read) => ({
      // A put or delete since the keys were listed took the expiry entry away with the record that it spoke of.
      changes: new Map(
        expired
          .filter(({ expiryKey }) => read(expiryKey) !== undefined)
          .flatMap(({ expiryKey, recordKey }) => [
            [expiryKey, undefined],
            [recordKey, undefined],
          ]),
      ),
      result: undefined,
    }),
  }
}
