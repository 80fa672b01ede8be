import { readFileSync } from 'node:fs'

/** How secrets are found: never in the configuration file itself. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: (path: string) => string
}

export const PROCESS_SECRETS: SecretSources = {
  env: process.env,
  readFile: (path) => readFileSync(path, 'utf8'),
}

export type Resolved = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly message: string }

const REFERENCE = /^(env|file):(.+)$/s

/** Resolves `env:NAME` and `file:/path`. The message of a failure never holds the text itself. */
export function resolveSecret(reference: string, sources: SecretSources): Resolved {
  const match = REFERENCE.exec(reference)
  const [kind, name] = [match?.[1], match?.[2]]
  if (kind === undefined || name === undefined) {
    return { ok: false, message: 'a secret does not belong into the file: write env:NAME or file:/path' }
  }
  if (kind === 'env') {
    const value = sources.env[name]
    return value === undefined || value === ''
      ? { ok: false, message: `the environment variable ${name} is not set` }
      : { ok: true, value }
  }
  try {
    const value = sources.readFile(name).replace(/\r?\n$/, '')
    return value === '' ? { ok: false, message: `the file ${name} is empty` } : { ok: true, value }
  } catch {
    return { ok: false, message: `the file ${name} cannot be read` }
  }
}
