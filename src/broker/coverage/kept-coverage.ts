import { createHash } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CoverageSnapshot } from '../../routing/coverage/coverage-file.ts'
import {
  CoverageFileError,
  DIGEST_AT,
  DIGEST_BYTES,
  DIGESTED_FROM,
  encodeCoverage,
  openSealedCoverage,
} from '../../routing/coverage/coverage-file.ts'

/** Bytes digested and written before others have a turn: well below a millisecond. */
const SLICE = 512 * 1024

/**
 * Puts a snapshot in the place of the file: whole or not at all, also when the machine stops meanwhile. Works in slices,
 * with `pause` awaited between them.
 */
export async function writeKept(path: string, snapshot: CoverageSnapshot, pause: () => Promise<void>): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    const digest = createHash('sha256')
    let end = 0
    for (const piece of encodeCoverage(snapshot)) {
      for (let at = 0; at < piece.length; at += SLICE) {
        const slice = piece.subarray(at, at + SLICE)
        digest.update(end === 0 ? slice.subarray(DIGESTED_FROM) : slice)
        await file.write(slice, 0, slice.length, end)
        end += slice.length
        await pause()
      }
    }
    await file.write(digest.digest(), 0, DIGEST_BYTES, DIGEST_AT)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The kept map, or why there is none: undefined if none was ever kept. */
export async function readKept(path: string): Promise<CoverageSnapshot | CoverageFileError | undefined> {
  try {
    return openSealedCoverage(new Uint8Array(await readFile(path)))
  } catch (error) {
    if (error instanceof CoverageFileError) return error
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    return new CoverageFileError('it cannot be read', error)
  }
}
