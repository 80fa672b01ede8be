import { timingSafeEqual } from 'node:crypto'

export const NOTIFICATIONS_PATH = '/fci/notifications'

/**
 * The address that a provider sends its changes to. SVTA's subscription has no place for a credential, so the last
 * segment is one: not to be guessed, the same at every replica and after every start.
 */
export function notificationTarget(publicUrl: string, provider: string, secret: string): string {
  return `${publicUrl.replace(/\/+$/, '')}${NOTIFICATIONS_PATH}/${provider}/${secret}`
}

/** Compares in a time that does not tell how much of it is right. */
export function isSecret(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
