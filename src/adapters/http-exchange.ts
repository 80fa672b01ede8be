import { type Dispatcher, errors } from 'undici'
import { onAbort } from './on-abort.ts'

/** One HTTP request as it goes on the wire. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with its query, already encoded. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface ExchangeLimits {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly maxBodyBytes: number
}

/**
 * What became of a request. `sent`: it reached a connection, so the provider may have acted on it.
 * `too_large`: the answer was cut off at `maxBodyBytes`. `not_http`: it could not be parsed. `broken`: refused or
 * reset, with the error code of Node or undici.
 */
export type Exchange =
  | { readonly outcome: 'answer'; readonly status: number; readonly headers: AnswerHeaders; readonly body: string }
  | { readonly outcome: 'timeout' | 'aborted' | 'too_large' | 'not_http'; readonly sent: boolean }
  | { readonly outcome: 'broken'; readonly sent: boolean; readonly code: string }

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/**
 * Carries one request out and never rejects. Works on `dispatch` rather than `request` because only the
 * dispatch handler learns when the request reaches a socket, which decides between "no effect" and "unknown".
 * Settles at once when the signal or the deadline fires, even while the request waits for a connection.
 */
export function exchange(dispatcher: Dispatcher, request: WireRequest, limits: ExchangeLimits): Promise<Exchange> {
  const { signal, timeoutMs, maxBodyBytes } = limits
  if (signal.aborted) return Promise.resolve({ outcome: 'aborted', sent: false })

  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined
    let settled = false
    let status = 0
    let headers: AnswerHeaders = {}
    let size = 0
    const chunks: Buffer[] = []

    const settle = (result: Exchange): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      unwatch()
      resolve(result)
    }
    const stop = (outcome: 'timeout' | 'aborted' | 'too_large'): void => {
      settle({ outcome, sent: controller !== undefined })
      controller?.abort(new Error(outcome))
    }
    const timer = setTimeout(() => stop('timeout'), timeoutMs)
    const unwatch = onAbort(signal, () => stop('aborted'))

    dispatcher.dispatch(
      { ...request, headersTimeout: 0, bodyTimeout: 0 },
      {
        onRequestStart: (started) => {
          if (settled) started.abort(new Error('the caller has left'))
          else controller = started
        },
        onResponseStart: (_, statusCode, answerHeaders) => {
          if (statusCode < 200) return
          status = statusCode
          headers = answerHeaders
          if (Number(answerHeaders['content-length'] ?? 0) > maxBodyBytes) stop('too_large')
        },
        onResponseData: (_, chunk) => {
          size += chunk.length
          if (size > maxBodyBytes) stop('too_large')
          else if (!settled) chunks.push(chunk)
        },
        onResponseEnd: () => {
          settle({ outcome: 'answer', status, headers, body: Buffer.concat(chunks).toString('utf8') })
        },
        onResponseError: (_, error) => {
          const sent = controller !== undefined
          if (error instanceof errors.HTTPParserError) settle({ outcome: 'not_http', sent })
          else settle({ outcome: 'broken', sent, code: errorCode(error) })
        },
      },
    )
  })
}

function errorCode(error: Error): string {
  // A refused connection to a name with several addresses arrives as an AggregateError that has the code too.
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
