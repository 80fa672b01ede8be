import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CoverageSnapshot } from '../../routing/coverage/coverage-file.ts'
import { CoverageFileError, openSealedCoverage } from '../../routing/coverage/coverage-file.ts'

/** Puts the bytes in the place of the file, whole or not at all, also when the machine stops meanwhile. */
export async function writeKept(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(bytes)
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
