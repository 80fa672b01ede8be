import type { Right } from '../../adapters/capabilities.ts'
import type { ConnectUrl } from '../scopes/scope-service.ts'

/**
 * The connect URL at a provider whose credential has the right that is needed and the fewest others, or `undefined`.
 * It holds a token: never log.
 */
export function leastCapableUrl(urls: readonly ConnectUrl[], provider: string, needed: Right): string | undefined {
  return urls
    .filter((url) => url.provider === provider && url.rights.includes(needed))
    .toSorted((a, b) => a.rights.length - b.rights.length)[0]?.connectUrl
}
