import type { Context } from 'hono'
import type { z } from 'zod'
import type { LabEnv } from './http-listener.ts'
import type { BodyFault } from './problem.ts'

/** What came as the body of a request. */
export type RequestBody =
  | { readonly kind: 'absent' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'too_large' }

/** Reads the whole body, but never more than `maxBytes` of it. */
export async function readRequestBody(c: Context<LabEnv>, maxBytes: number): Promise<RequestBody> {
  const text = await readText(c, maxBytes)
  if (text === undefined) return { kind: 'too_large' }
  if (text.trim() === '') return { kind: 'absent' }
  try {
    return { kind: 'json', value: JSON.parse(text) }
  } catch {
    return { kind: 'malformed' }
  }
}

async function readText(c: Context<LabEnv>, maxBytes: number): Promise<string | undefined> {
  const declared = c.req.header('content-length')
  if (declared !== undefined) return Number(declared) > maxBytes ? undefined : c.req.text()
  if (c.req.raw.body === null) return ''
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of c.req.raw.body) {
    size += chunk.length
    if (size > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Each issue as a pointer and a sentence; values are not repeated, for they may hold tokens. */
export function bodyFaults(error: z.ZodError): readonly BodyFault[] {
  return error.issues.map((issue) => ({
    pointer: `#${issue.path.map((key) => `/${escapePointer(String(key))}`).join('')}`,
    detail: issue.message,
  }))
}

function escapePointer(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))
}
