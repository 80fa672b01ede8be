import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import type { Change, Store } from '../store/store.ts'

/** Secrets at rest: AES-256-GCM, the record's id as associated data, so that a ciphertext cannot be moved to another id. */
export interface Vault {
  /** The change that stores a secret under an id. */
  seal(id: string, secret: string): Change
  /** The change that removes it. */
  discard(id: string): Change
  /** The secret, or `undefined` if there is none. Throws if it was sealed with another key. */
  open(id: string): Promise<string | undefined>
  /** The secret if it was opened before. */
  opened(id: string): string | undefined
  /** A keyed digest: the same for the same text, useless to whoever reads the store. */
  fingerprint(text: string): string
}

export interface VaultDeps {
  readonly store: Store
  /** 32 bytes. */
  readonly key: Uint8Array
  readonly randomBytes: (size: number) => Uint8Array
}

const IV_BYTES = 12
const TAG_BYTES = 16
const CACHE_LIMIT = 50_000

export function createVault(deps: VaultDeps): Vault {
  const sealingKey = new Uint8Array(hkdfSync('sha256', deps.key, '', 'moq-broker/seal', 32))
  const digestKey = new Uint8Array(hkdfSync('sha256', deps.key, '', 'moq-broker/fingerprint', 32))
  // Ids are never used twice, so an opened secret stays right; look-ups then need no store.
  const opened = new Map<string, string>()

  function remember(id: string, secret: string): void {
    if (opened.size >= CACHE_LIMIT) {
      const oldest = opened.keys().next().value
      if (oldest !== undefined) opened.delete(oldest)
    }
    opened.set(id, secret)
  }

  return {
    seal(id, secret) {
      const iv = deps.randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealingKey, iv)
      cipher.setAAD(Buffer.from(id))
      const sealed = Buffer.concat([iv, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
      remember(id, secret)
      return {
        kind: 'put',
        collection: 'credentials',
        id,
        value: JSON.stringify({ v: 1, sealed: sealed.toString('base64') }),
        expect: 'any',
      }
    },
    discard(id) {
      opened.delete(id)
      return { kind: 'delete', collection: 'credentials', id, expect: 'any' }
    },
    async open(id) {
      const known = opened.get(id)
      if (known !== undefined) return known
      const record = await deps.store.get('credentials', id)
      if (record === undefined) return undefined
      const secret = unseal(sealingKey, id, record.value)
      remember(id, secret)
      return secret
    },
    opened(id) {
      return opened.get(id)
    },
    fingerprint(text) {
      return createHmac('sha256', digestKey).update(text).digest('base64url')
    },
  }
}

function unseal(key: Uint8Array, id: string, value: string): string {
  try {
    const parsed: unknown = JSON.parse(value)
    if (typeof parsed !== 'object' || parsed === null || !('sealed' in parsed) || typeof parsed.sealed !== 'string') {
      throw new Error('it is not a sealed secret')
    }
    const bytes = Buffer.from(parsed.sealed, 'base64')
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES))
    decipher.setAAD(Buffer.from(id))
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
    const body = bytes.subarray(IV_BYTES, bytes.length - TAG_BYTES)
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new Error(
      `credential ${id} cannot be decrypted: the encryption key is not the one it was sealed with. Start the broker with the key of this store (secrets.encryption_key).`,
      { cause },
    )
  }
}
