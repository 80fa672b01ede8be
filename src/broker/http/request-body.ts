import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from './app-env.ts'
import { findJsonFault } from './json-text.ts'
import { ProblemError } from './problem.ts'

const MAX_DEPTH = 32

export interface JsonBodyRule {
  readonly maxBytes: number
  /** Accepted besides `application/json`. */
  readonly alsoAccepts?: string
  /** No body at all, or an empty one, is an empty object. */
  readonly optional?: boolean
}

/**
 * Reads a JSON body within its limit, however it is framed, and hands on only what is plain: one media type, UTF-8,
 * well-formed, no name twice, not nested beyond reason.
 */
export function readJsonBody(rule: JsonBodyRule): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const request = context.req.raw
    const declared = Number(request.headers.get('content-length') ?? 0)
    if (declared > rule.maxBytes) throw tooLarge(rule.maxBytes)
    context.set('receiving', true)
    const bytes = await readBytes(request, rule.maxBytes)
    context.set('receiving', false)
    const contentType = request.headers.get('content-type') ?? undefined
    if (bytes.byteLength > 0 || contentType !== undefined) checkMediaType(rule, contentType, request.headers)
    const headers = new Headers(request.headers)
    // An absent body has no type, and what follows wants one.
    headers.set('content-type', 'application/json')
    context.req.raw = new Request(request, { method: request.method, headers, body: checkedJson(bytes, rule) })
    await next()
  }
}

/** The whole body. Throws the problem `payload-too-large` at the first byte beyond `maxBytes`. */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body) {
    size += chunk.byteLength
    if (size > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError({
    kind: 'payload-too-large',
    detail: `The body is larger than ${maxBytes} bytes.`,
    headers: { Connection: 'close' },
  })
}

function checkMediaType(rule: JsonBodyRule, contentType: string | undefined, headers: Headers): void {
  const accepted = ['application/json', ...(rule.alsoAccepts === undefined ? [] : [rule.alsoAccepts])]
  const [essence = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='))
  const coding = headers.get('content-encoding') ?? 'identity'
  const isPlain = (charset === undefined || /^charset="?utf-8"?$/.test(charset)) && coding === 'identity'
  if (accepted.includes(essence.trim()) && isPlain) return
  throw new ProblemError({
    kind: 'unsupported-media-type',
    detail: `Send the body as ${accepted.join(' or ')}, in UTF-8, without a content coding.`,
    headers: { Accept: accepted.join(', ') },
  })
}

function checkedJson(bytes: Uint8Array, rule: JsonBodyRule): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  if (bytes.byteLength === 0) {
    if (rule.optional === true) return encoder.encode('{}')
    throw new ProblemError({ kind: 'malformed-json', detail: 'The body is empty; a JSON object is needed.' })
  }
  const text = decodeBody(bytes)
  try {
    JSON.parse(text)
  } catch {
    // The parser's own message quotes the text, which may hold a token.
    throw new ProblemError({ kind: 'malformed-json', detail: 'The body is not well-formed JSON.' })
  }
  const fault = findJsonFault(text, MAX_DEPTH)
  if (fault !== undefined) {
    throw new ProblemError({
      kind: 'malformed-json',
      detail: `The body is not safe to read: ${fault.detail}.`,
      errors: [fault],
    })
  }
  return encoder.encode(text)
}

/** Throws the problem `malformed-json` for what is not UTF-8. */
export function decodeBody(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ProblemError({ kind: 'malformed-json', detail: 'The body is not UTF-8.' })
  }
}
