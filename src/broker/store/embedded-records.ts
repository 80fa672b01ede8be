import { crc32 } from 'node:zlib'
import type { Collection } from './store.ts'

// Every key of the database is built here. LevelDB orders keys by their UTF-8 bytes, and so do lists.

const NUMBER_WIDTH = 16

function padded(number: number): string {
  return String(number).padStart(NUMBER_WIDTH, '0')
}

/** A half-open range of keys. */
export interface KeyRange {
  readonly gte: string
  readonly lt: string
}

/** `"` is the byte after `!`, which ends every fixed part. */
function below(prefix: string): KeyRange {
  return { gte: `${prefix}!`, lt: `${prefix}"` }
}

/** The length keeps one stream's keys out of the range of another whose name starts alike. */
function streamPrefix(stream: string): string {
  return `e!${stream.length}:${stream}`
}

export const keys = {
  format: 'm!format',
  /** Number of the last batch written: tells after a failed write whether it took place after all. */
  batch: 'm!batch',
  record: (collection: Collection, id: string) => `r!${collection}!${id}`,
  records: (collection: Collection): KeyRange => below(`r!${collection}`),
  expiry: (expiresAt: number, recordKey: string) => `x!${padded(expiresAt)}!${recordKey}`,
  /** Expiry keys of everything that has run out at `now`. */
  expired: (now: number): KeyRange => ({ gte: 'x!', lt: `x!${padded(now + 1)}` }),
  sequence: (stream: string) => `s!${stream}`,
  event: (stream: string, sequence: number) => `${streamPrefix(stream)}!${padded(sequence)}`,
  eventsAfter: (stream: string, sequence: number): KeyRange => ({
    gte: `${streamPrefix(stream)}!${padded(sequence + 1)}`,
    lt: `${streamPrefix(stream)}"`,
  }),
  token: (lease: string) => `t!${lease}`,
  lease: (lease: string) => `l!${lease}`,
  leases: below('l'),
} as const

/** The record's key that an expiry key speaks of. */
export function recordKeyOfExpiry(expiryKey: string): string {
  return expiryKey.slice('x!'.length + NUMBER_WIDTH + 1)
}

/** The sequence number of an event's key. */
export function sequenceOfEvent(eventKey: string): number {
  return Number(eventKey.slice(-NUMBER_WIDTH))
}

/** What is kept under a record's key. */
export interface KeptRecord {
  readonly revision: number
  /** Milliseconds since the epoch; absent: never. */
  readonly expiresAt?: number
  readonly value: string
}

/** `checksum:revision:expiry:value`, the checksum in hexadecimal over everything after it. */
export function encodeRecord(record: KeptRecord): string {
  return checked(`${record.revision}:${record.expiresAt ?? ''}:${record.value}`)
}

/** `undefined` where the text is not what `encodeRecord` wrote. */
export function decodeRecord(text: string): KeptRecord | undefined {
  const body = unchecked(text)
  const header = body === undefined ? null : /^(\d+):(\d*):/.exec(body)
  if (body === undefined || header === null) return undefined
  const [all, revision, expiresAt] = header
  return {
    revision: Number(revision),
    ...(expiresAt !== '' && { expiresAt: Number(expiresAt) }),
    value: body.slice(all.length),
  }
}

/** Puts a checksum before the text. LevelDB does not verify what it reads from its tables by itself. */
export function checked(text: string): string {
  return `${crc32(text).toString(16)}:${text}`
}

/** The text after its checksum, or `undefined` where they do not agree. */
export function unchecked(text: string): string | undefined {
  const colon = text.indexOf(':')
  const body = text.slice(colon + 1)
  return colon > 0 && text.slice(0, colon) === crc32(body).toString(16) ? body : undefined
}
