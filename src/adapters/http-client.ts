import { Pool } from 'undici'
import type { z } from 'zod'
import { AdapterError, type AdapterErrorKind } from './errors.ts'
import { effectOfStatus, kindOfStatus, parseRetryAfter } from './http-answer.ts'
import { type Exchange, exchange, type WireRequest } from './http-exchange.ts'
import { createRedactor } from './redaction.ts'

const DEFAULT_CONNECTIONS = 64
const DEFAULT_MAX_BODY_BYTES = 256 * 1024

/** What an adapter reads in an error answer. `message` may be anything; it is redacted here. */
export interface RemoteFault {
  readonly kind?: AdapterErrorKind | undefined
  readonly code?: string | undefined
  readonly message?: string | undefined
}

export interface HttpClientOptions {
  readonly provider: string
  /** Absolute http(s) URL; paths of calls are appended to its path. */
  readonly baseUrl: string
  /** Sent with every request; may hold the account's token. */
  readonly headers: Readonly<Record<string, string>>
  /** Values that no error message may hold. */
  readonly secrets: readonly string[]
  /** Deadline of one call, its retry included. */
  readonly timeoutMs: number
  readonly now: () => number
  /** Reads the provider's own code and message in the JSON of an error answer (`undefined`: no JSON). */
  readonly readFault: (status: number, json: unknown) => RemoteFault
  /** Most connections at once; further calls wait for one, under their deadline. Default 64. */
  readonly connections?: number
  /** Longest answer that is read. Default 256 KiB. */
  readonly maxBodyBytes?: number
}

export interface HttpCall<T> {
  readonly operation: string
  readonly method: WireRequest['method']
  /** Begins with `/`; every segment is already percent-encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Secrets of this call only, such as the URL of an upstream. */
  readonly secrets?: readonly string[]
  /** Shape of a 2xx answer's JSON (`undefined` where the body is empty). Unknown members are ignored. */
  readonly answer: z.ZodType<T>
}

/** Sends one call and decodes its answer; throws `AdapterError` only. Redirects are not followed. */
export interface HttpClient extends AsyncDisposable {
  call<T>(call: HttpCall<T>, signal: AbortSignal): Promise<T>
}

/** An HTTP client for one provider with a connection pool of its own; disposing closes its sockets at once. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { provider, timeoutMs, now, readFault } = options
  const base = new URL(options.baseUrl)
  const basePath = base.pathname.replace(/\/$/, '')
  const maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES
  const pool = new Pool(base.origin, {
    connections: options.connections ?? DEFAULT_CONNECTIONS,
    connect: { timeout: timeoutMs },
  })

  async function send(call: HttpCall<unknown>, signal: AbortSignal): Promise<Exchange> {
    const request = wireRequest(call)
    const startedAt = now()
    const first = await exchange(pool, request, { signal, timeoutMs, maxBodyBytes })
    const remainingMs = timeoutMs - (now() - startedAt)
    if (request.method !== 'GET' || !isReset(first) || remainingMs <= 0) return first
    return exchange(pool, request, { signal, timeoutMs: remainingMs, maxBodyBytes })
  }

  function wireRequest(call: HttpCall<unknown>): WireRequest {
    const query = call.query === undefined ? '' : `?${new URLSearchParams(call.query)}`
    const headers: Record<string, string> = { accept: 'application/json', ...options.headers, ...call.headers }
    if (call.body !== undefined) headers['content-type'] = 'application/json'
    for (const [name, value] of Object.entries(headers)) {
      if (!/^[\x20-\x7e]*$/.test(value)) {
        throw new AdapterError('rejected', {
          provider,
          operation: call.operation,
          detail: `the value for header "${name}" is not printable ASCII; not sent`,
          effect: 'none',
        })
      }
    }
    return {
      method: call.method,
      path: `${basePath}${call.path}${query}`,
      headers,
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
    }
  }

  return {
    async call(call, signal) {
      const result = await send(call, signal)
      const redact = (text: string): string => createRedactor([...options.secrets, ...(call.secrets ?? [])])(text)
      const fail = (kind: AdapterErrorKind, detail: string, more: FailureFacts): AdapterError =>
        new AdapterError(kind, {
          provider,
          operation: call.operation,
          detail,
          ...more,
          // A safe method has no effect, whatever became of it (RFC 9110 9.2.1).
          effect: call.method === 'GET' ? 'none' : more.effect,
        })

      if (result.outcome !== 'answer') throw unanswered(result, fail, { timeoutMs, maxBodyBytes })

      const { status, headers, body } = result
      const json = parseJson(body)
      if (status >= 400) {
        const fault = readFault(status, json)
        const code = cleanCode(fault.code, redact)
        const retryAfterMs = parseRetryAfter(headers['retry-after'], now())
        const words = fault.message === undefined ? '' : `: ${redact(fault.message)}`
        throw fail(fault.kind ?? kindOfStatus(status), `the provider answered ${status}${words}`, {
          status,
          effect: effectOfStatus(status),
          ...(code !== undefined && { remoteCode: code }),
          ...(retryAfterMs !== undefined && { retryAfterMs }),
        })
      }
      if (status >= 300) throw fail('protocol', `redirected (${status}); not followed`, { status, effect: 'unknown' })
      if (json === undefined && body !== '') {
        throw fail('protocol', 'the answer is not JSON', { status, effect: 'unknown' })
      }
      const decoded = call.answer.safeParse(json)
      if (!decoded.success) {
        throw fail('protocol', `the answer has an unknown shape: ${redact(describeIssue(decoded.error))}`, {
          status,
          effect: 'unknown',
        })
      }
      return decoded.data
    },

    async [Symbol.asyncDispose]() {
      await pool.destroy()
    },
  }
}

interface FailureFacts {
  readonly effect: 'none' | 'unknown'
  readonly status?: number
  readonly remoteCode?: string
  readonly retryAfterMs?: number
}

type Fail = (kind: AdapterErrorKind, detail: string, more: FailureFacts) => AdapterError

function unanswered(
  result: Exclude<Exchange, { outcome: 'answer' }>,
  fail: Fail,
  limits: { readonly timeoutMs: number; readonly maxBodyBytes: number },
): AdapterError {
  const effect = result.sent ? 'unknown' : 'none'
  switch (result.outcome) {
    case 'timeout':
      return fail('timeout', `no complete answer within ${limits.timeoutMs} ms`, { effect })
    case 'aborted':
      return fail('aborted', 'the caller ended the call', { effect })
    case 'too_large':
      return fail('protocol', `the answer is larger than ${limits.maxBodyBytes} bytes`, { effect })
    case 'not_http':
      return fail('protocol', 'the answer is not HTTP', { effect })
    case 'broken':
      if (result.code === 'UND_ERR_DESTROYED' || result.code === 'UND_ERR_CLOSED') {
        return fail('aborted', 'the adapter was closed', { effect })
      }
      return fail(
        'unavailable',
        result.sent ? `the connection broke (${result.code})` : `cannot connect (${result.code})`,
        { effect },
      )
  }
}

function isReset(result: Exchange): boolean {
  return result.outcome === 'broken' && result.sent && ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(result.code)
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** Where and how the first fault is; zod's messages name what was expected, never the value received. */
function describeIssue(error: z.ZodError): string {
  const [issue] = error.issues
  if (issue === undefined) return 'unknown'
  const path = issue.path.map(String).join('.')
  return path === '' ? issue.message : `at "${path}": ${issue.message}`
}

function cleanCode(code: string | undefined, redact: (text: string) => string): string | undefined {
  return code !== undefined && /^[\w.:-]{1,64}$/.test(code) && redact(code) === code ? code : undefined
}
