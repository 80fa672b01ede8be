import type { Context } from 'hono'
import type { z } from 'zod'
import { MAX_BODY_BYTES } from './api-deps.ts'
import { failure } from './cloudflare-envelope.ts'
import type { LabEnv } from './http-listener.ts'
import { readRequestBody } from './request-body.ts'

/** The body as JSON, or the refusal: 21001 too large, 21002 none at all, 21004 not JSON. */
export async function readCloudflareBody(c: Context<LabEnv>): Promise<{ readonly value: unknown } | Response> {
  const body = await readRequestBody(c, MAX_BODY_BYTES)
  switch (body.kind) {
    case 'too_large':
      return failure(21001)
    case 'absent':
      return failure(21002)
    case 'malformed':
      return failure(21004)
    case 'json':
      return { value: body.value }
  }
}

/** The body in its documented shape, or the refusal 21004. */
export function parseCloudflareBody<T>(value: unknown, schema: z.ZodType<T>): { readonly request: T } | Response {
  const parsed = schema.safeParse(value)
  return parsed.success ? { request: parsed.data } : failure(21004)
}
