import type { Reading } from './reading.ts'
import { quote } from './reading.ts'

/** Longest URI that is taken from a peer's document. */
export const MAX_URI_LENGTH = 2048

/** The values of a `named` footprint ([NF] 3.1.2.1): URIs of which one must hold. */
export function readNamedUris(values: readonly unknown[], pointer: string, reading: Reading): readonly string[] {
  const uris: string[] = []
  for (const [i, value] of values.entries()) {
    if (isWebUri(value)) uris.push(value)
    else {
      const message = `${quote(value)} is not an absolute http or https URI without user name; it is left out`
      reading.error('named-uri-invalid', `${pointer}/${i}`, message)
    }
  }
  return uris
}

/** Whether a value may name something that is fetched: an absolute http(s) URI without credentials. */
export function isWebUri(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_URI_LENGTH || !/^https?:\/\/[!-~]+$/i.test(value)) return false
  if (!URL.canParse(value)) return false
  const { username, password } = new URL(value)
  return username === '' && password === ''
}
