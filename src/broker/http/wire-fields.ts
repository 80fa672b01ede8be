import { z } from '@hono/zod-openapi'
import { ProblemSchema } from './problem.ts'

const PRINTABLE = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+$/u

/** Text for people on one line, counted in code points. */
export function printableText(maxLength: number): z.ZodString {
  return z
    .string()
    .refine(
      (text) => text.length <= 2 * maxLength && Array.from(text).length <= maxLength,
      `is longer than ${maxLength} characters`,
    )
    .regex(PRINTABLE, 'must be at least one character, and no control characters or line breaks')
    .openapi({ minLength: 1, maxLength, pattern: PRINTABLE.source })
}

export const NameSchema = printableText(128)
export const ReasonSchema = printableText(500)

/** Ids of ours and of providers. */
export const IdSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,128}$/, 'is not an id: 1 to 128 letters, digits, ".", "_" or "-"')

export const IdParamSchema = z.object({ id: IdSchema })

export const TimeSchema = z.string().openapi({ format: 'date-time', example: '2026-11-21T06:11:00.000Z' })

/** RFC 3339, UTC. */
export function toTime(ms: number): string {
  return new Date(ms).toISOString()
}

const DEFAULT_PAGE = 50
const MAX_PAGE = 200

export const LimitSchema = z.coerce
  .number()
  .int()
  .min(1)
  .max(MAX_PAGE)
  .default(DEFAULT_PAGE)
  .openapi({ type: 'integer', minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })

export const CursorParamSchema = z.string().max(512).openapi({ description: 'From `next_cursor` of the page before.' })

/** A JSON answer in a route's `responses`. */
export function jsonAnswer<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } }
}

/** A problem in a route's `responses`. */
export function problemAnswer(description: string) {
  return { description, content: { 'application/problem+json': { schema: ProblemSchema } } }
}

/** Problems that every operation behind a key can answer with. */
export const COMMON_PROBLEMS = {
  400: problemAnswer('`invalid-request`, `malformed-json`: nothing was changed.'),
  401: problemAnswer('`unauthenticated`.'),
  403: problemAnswer('`forbidden`: the role does not suffice.'),
  500: problemAnswer('`internal-error`.'),
  503: problemAnswer('`store-unavailable`, `shutting-down`, `timeout`: try again after `Retry-After`.'),
} as const

/** Problems of operations that read a body. */
export const BODY_PROBLEMS = {
  408: problemAnswer('`request-timeout`: the body did not arrive in time.'),
  413: problemAnswer('`payload-too-large`.'),
  415: problemAnswer('`unsupported-media-type`.'),
} as const

/** Problems of operations that change a scope. */
export const CHANGE_PROBLEMS = {
  409: problemAnswer('`operation-in-progress`, `idempotency-in-progress`, `invalid-state`.'),
  412: problemAnswer('`revision-mismatch`: `If-Match` names another revision.'),
  422: problemAnswer('`idempotency-mismatch`.'),
  502: problemAnswer('`provisioning-failed`, `operation-failed`: `providers` says what went wrong where.'),
} as const

export const NOT_FOUND = { 404: problemAnswer('`not-found`.') } as const

export const IdempotencyHeaderSchema = z.object({
  'idempotency-key': z.string().optional().openapi({
    description: 'Up to 255 visible ASCII characters, bare or quoted. Kept 24 hours.',
    example: '"8e03978e-40d5"',
  }),
  prefer: z.string().optional().openapi({ description: 'RFC 7240: `respond-async`, `wait=SECONDS`.' }),
})

export const ChangeHeaderSchema = IdempotencyHeaderSchema.extend({
  'if-match': z
    .string()
    .optional()
    .openapi({ description: 'The revision that the change is meant for.', example: '"7"' }),
})
