import { z } from 'zod'
import { ProblemError } from './problem.ts'

const CursorSchema = z.strictObject({ v: z.literal(1), after: z.string().regex(/^[A-Za-z0-9._-]{1,128}$/) })

/** An opaque cursor: everything after the thing with this id. */
export function encodeCursor(after: string): string {
  return Buffer.from(JSON.stringify({ v: 1, after })).toString('base64url')
}

/** The id to go on after. Anything that `encodeCursor` did not make is refused. */
export function decodeCursor(cursor: string): string {
  const after = read(cursor)
  if (after !== undefined && encodeCursor(after) === cursor) return after
  throw new ProblemError({
    kind: 'invalid-request',
    detail: 'The cursor was not made by this API. Take it from "next_cursor" or the Link header, or start without one.',
    errors: [{ detail: 'is not a cursor of this API', parameter: 'cursor' }],
  })
}

function read(cursor: string): string | undefined {
  try {
    return CursorSchema.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))).data?.after
  } catch {
    return undefined
  }
}

/** `Link: <...>; rel="next"` (RFC 8288) to the same request with another position. */
export function nextLink(url: string, parameter: string, value: string): string {
  const { pathname, searchParams } = new URL(url)
  searchParams.set(parameter, value)
  return `<${pathname}?${searchParams.toString()}>; rel="next"`
}
