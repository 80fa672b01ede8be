import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What must not be found, by name. */
export type Secrets = Readonly<Record<string, string>>

/** Below this a secret would be found by chance. */
const MIN_LENGTH = 16

/** Every `name: place` where a secret stands in one of these bytes, plain or encoded. */
export function findSecrets(place: string, bytes: Uint8Array | string, secrets: Secrets): readonly string[] {
  const haystack = Buffer.from(bytes)
  return Object.entries(secrets).flatMap(([name, secret]) =>
    formsOf(secret).some((form) => haystack.includes(form)) ? [`${name}: ${place}`] : [],
  )
}

/** The same over every file of a folder and the folders in it. */
export function findSecretsInFolder(folder: string, secrets: Secrets): readonly string[] {
  return filesIn(folder).flatMap((file) => findSecrets(file, readFileSync(file), secrets))
}

export function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Plain, escaped and encoded, as it could stand inside a longer text. */
function formsOf(secret: string): readonly Buffer[] {
  if (secret.length < MIN_LENGTH) throw new Error('a secret to look for must be longer')
  const bytes = Buffer.from(secret)
  const texts = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...[0, 1, 2].flatMap((offset) => base64Within(bytes, offset)),
  ]
  return [...texts.map((text) => Buffer.from(text)), Buffer.from(secret, 'utf16le')]
}

/** Those characters of its base64 and base64url that do not depend on what stands around it. */
function base64Within(bytes: Buffer, offset: number): readonly string[] {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes])
  const head = Math.ceil((offset * 8) / 6)
  const whole = padded.subarray(0, padded.length - (padded.length % 3))
  return [whole.toString('base64').slice(head), whole.toString('base64url').slice(head)]
}
