import { hash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { KeyView, Principal } from '../key-service.ts'
import type { StoredRecord } from '../store/store.ts'

const KEY_FORM = /^mqb_([0-9a-z]{8,12})_([A-Za-z0-9_-]{43})$/
const ID_LENGTH = 10
const SECRET_BYTES = 32
const HASH_BYTES = 32

const ALPHABET = '0123456789abcdefghijklmnopqrstuv'

/** How a key is stored: never the secret, only its SHA-256. */
const KeyRecordSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z.string(),
  role: z.enum(['reader', 'operator', 'admin']),
  /** SHA-256 of the secret, base64url. The secret has 256 random bits, so it needs no salt and no stretching. */
  secretHash: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  createdAt: z.number(),
})
export type KeyRecord = z.infer<typeof KeyRecordSchema>

/** Throws when the record is not one of ours. */
export function parseKeyRecord(stored: StoredRecord): KeyRecord {
  return KeyRecordSchema.parse(JSON.parse(stored.value))
}

/** A fresh key's id and secret. */
export function makeKey(randomBytes: (size: number) => Uint8Array): { readonly id: string; readonly secret: string } {
  const id = [...randomBytes(ID_LENGTH)].map((byte) => ALPHABET[byte & 31] ?? '').join('')
  return { id, secret: Buffer.from(randomBytes(SECRET_BYTES)).toString('base64url') }
}

/** `mqb_<id>_<secret>`, or `undefined` when the text has not that form. */
export function splitKey(key: string): { readonly id: string; readonly secret: string } | undefined {
  const match = KEY_FORM.exec(key)
  if (match?.[1] === undefined || match[2] === undefined) return undefined
  return { id: match[1], secret: match[2] }
}

export function joinKey(key: { readonly id: string; readonly secret: string }): string {
  return `mqb_${key.id}_${key.secret}`
}

export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

/** Constant time: takes as long for a wrong secret as for the right one, and for no record as for one. */
export function isSecretOf(record: KeyRecord | undefined, secret: string): boolean {
  const presented = Buffer.from(hashSecret(secret), 'base64url')
  const stored = record === undefined ? Buffer.alloc(HASH_BYTES) : Buffer.from(record.secretHash, 'base64url')
  return timingSafeEqual(presented, stored)
}

export function viewOf(record: KeyRecord): KeyView {
  return { id: record.id, name: record.name, role: record.role, createdAt: record.createdAt }
}

export function principalOfKey(record: KeyRecord): Principal {
  return { id: record.id, name: record.name, role: record.role }
}
