import type { Output } from './terminal.ts'

export interface CdnExit {
  readonly name: string
  readonly code: number | null
  readonly signal: string | null
}

/** The line that tells of a CDN whose process ended by itself, or was killed to see what happens. */
export function deathNotice({ name, code, signal }: CdnExit, output: Pick<Output, 'paint'>): string {
  const how = signal ?? `exit code ${code}`
  return `${output.paint('red', `${name} has ended (${how}).`)} It stays down; the next start brings it back.`
}
