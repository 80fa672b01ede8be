import { createHash, timingSafeEqual } from 'node:crypto'
import type { KeyService, Principal, Role } from '../key-service.ts'

/** A key that the configuration names: it exists before the first request and cannot be revoked through the API. */
export interface FixedKey {
  readonly name: string
  readonly role: Role
  readonly key: string
}

/** Adds the configured keys to those of the store. */
export function withFixedKeys<Keys extends KeyService>(keys: Keys, fixed: readonly FixedKey[]): Keys {
  if (fixed.length === 0) return keys
  const known = fixed.map(({ name, role, key }) => ({
    digest: digest(key),
    principal: { id: `config:${name}`, name, role } satisfies Principal,
  }))
  /** Those that somebody has shown; the configuration does not change while the broker runs. */
  const shown = new Map<string, Principal>()
  return {
    ...keys,
    async authenticate(key: string) {
      const given = digest(key)
      let found: Principal | undefined
      // All are compared, so that the time taken tells nothing about which one matched.
      for (const { digest: expected, principal } of known) if (timingSafeEqual(given, expected)) found = principal
      if (found !== undefined) shown.set(key, found)
      return found ?? keys.authenticate(key)
    },
    recall: (key: string) => shown.get(key) ?? keys.recall(key),
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
