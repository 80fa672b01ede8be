import type { z } from 'zod'

/** A private feature whose `feature-value` we can read. */
export interface KnownFeature {
  /** Absent: whoever owns it. */
  readonly oid?: string
  readonly type: string
  /** Reads the value and gives its canonical form; unknown members are kept. */
  readonly schema: z.ZodType<{ readonly [member: string]: unknown }>
  /** Member names that peers use, and the right ones. */
  readonly aliases: ReadonlyMap<string, string>
}
