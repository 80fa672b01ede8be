import { z } from 'zod'
import { parseRfc3339 } from './instant.ts'
import type { LabScope } from './scope-registry.ts'

const DEFAULT_PAGE = 20
const MAX_PAGE = 50

const instantSchema = z.string().transform((text, context) => {
  const instant = parseRfc3339(text)
  if (instant !== undefined) return instant
  context.addIssue({ code: 'custom', message: 'must be an RFC 3339 date-time' })
  return z.NEVER
})

const pageQuerySchema = z.object({
  created_before: instantSchema.optional(),
  created_after: instantSchema.optional(),
  per_page: z.coerce.number().int().min(1).default(DEFAULT_PAGE),
  asc: z.stringbool().default(false),
})

/**
 * One page of relays by creation time, newest first unless `asc=true`. Both bounds are exclusive; a `per_page` above
 * the maximum is clamped. `total` counts what the bounds let through. `undefined`: the query is not as documented.
 *
 * @param oldestFirst - every relay of the account.
 */
export function pageOf(
  oldestFirst: readonly LabScope[],
  query: Readonly<Record<string, string>>,
): { readonly relays: readonly LabScope[]; readonly total: number } | undefined {
  const parsed = pageQuerySchema.safeParse(query)
  if (!parsed.success) return undefined
  const { created_before = Number.POSITIVE_INFINITY, created_after = 0, per_page, asc } = parsed.data
  const between = oldestFirst.filter(({ created }) => created > created_after && created < created_before)
  const sorted = asc ? between : between.toReversed()
  return { relays: sorted.slice(0, Math.min(per_page, MAX_PAGE)), total: sorted.length }
}
