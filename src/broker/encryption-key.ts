import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { decodeKey } from './config/load-config.ts'

/**
 * The key of an embedded store: made at first start and kept beside the store, readable by its owner only. Whoever
 * wants it elsewhere sets `secrets.encryption_key`.
 */
export async function keyBesideStore(
  storePath: string,
  randomBytes: (size: number) => Uint8Array,
): Promise<Uint8Array> {
  const path = `${storePath}.key`
  try {
    await mkdir(dirname(path), { recursive: true })
    // `wx`: of two processes that start at once, one makes it and the other reads it.
    await writeFile(path, `${Buffer.from(randomBytes(32)).toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const key = decodeKey((await readFile(path, 'utf8')).trim())
  if (key === undefined) {
    throw new Error(
      `${path} does not hold a key of 32 bytes. Restore it from a backup: without it the tokens in ${storePath} cannot be read.`,
    )
  }
  return key
}
