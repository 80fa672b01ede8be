import type { z } from 'zod'
import type { ApiConnection } from './api-connection.ts'
import { failureOfProblem, ProblemAnswer } from './api-problem.ts'
import { CliFailure } from './cli-failure.ts'
import { durationInWords } from './duration.ts'
import { EXIT, exitCodeOfStatus } from './exit-codes.ts'

export interface ApiClientOptions {
  /** Origin of the broker, e.g. `http://127.0.0.1:8080`; a path below it is kept. */
  readonly url: string
  readonly key?: string
  /** For each request. */
  readonly timeoutMs: number
  /** Ends every request at once. */
  readonly signal?: AbortSignal
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From the broker's root; parts that come from outside must be encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A 2xx answer. `body` is `undefined` where there is none. */
export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
}

/** Talks to one broker. Methods throw `CliFailure`. */
export interface ApiClient extends AsyncDisposable {
  readonly url: string
  send(request: ApiRequest): Promise<ApiAnswer>
  get<T>(path: string, schema: z.ZodType<T>, query?: ApiRequest['query']): Promise<Shown<T>>
}

/** An answer as it came, and what of it is shown. */
export interface Shown<T> {
  readonly raw: unknown
  readonly value: T
}

const MAX_BYTES = 64_000_000

export function createApiClient(options: ApiClientOptions): ApiClient {
  const { url, key, timeoutMs } = options
  let connection: ApiConnection | undefined

  /** Its library is loaded with the first request: most of what this program does makes none. */
  async function connect(): Promise<ApiConnection> {
    const { openApiConnection } = await import('./api-connection.ts')
    connection ??= openApiConnection(MAX_BYTES)
    return connection
  }

  async function send({ method, path, query = {}, body, headers }: ApiRequest): Promise<ApiAnswer> {
    const target = new URL(`${url.replace(/\/$/, '')}${path}`)
    for (const [name, value] of Object.entries(query)) if (value !== undefined) target.searchParams.set(name, value)
    let status: number
    let text: string
    let retryAfter: string | undefined
    const deadline = AbortSignal.timeout(timeoutMs)
    const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline])
    try {
      const { request } = await connect()
      const answer = await request(target, {
        method,
        signal,
        headers: {
          accept: 'application/json',
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      status = answer.statusCode
      retryAfter = [answer.headers['retry-after']].flat()[0]
      text = await answer.body.text()
    } catch (error) {
      options.signal?.throwIfAborted()
      throw unreachable(url, error, deadline.aborted ? timeoutMs : undefined)
    }
    const json = parseJson(text)
    if (status >= 200 && status < 300) {
      if (text !== '' && json === undefined) throw foreignAnswer(url, status, 'it is not JSON')
      return { status, body: json }
    }
    const problem = ProblemAnswer.safeParse(json)
    if (!problem.success) throw foreignAnswer(url, status, 'it is not a problem (RFC 9457)')
    throw failureOfProblem(problem.data, {
      keyGiven: key !== undefined,
      document: json,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    })
  }

  return {
    url,
    send,
    async get(path, schema, query) {
      const { body } = await send({ method: 'GET', path, ...(query === undefined ? {} : { query }) })
      return { raw: body, value: decodeAnswer(schema, body) }
    },
    [Symbol.asyncDispose]: async () => connection?.close(),
  }
}

/** What of an answer is shown. Throws where a member that is needed is not there. */
export function decodeAnswer<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const places = parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole').slice(0, 3)
  throw new CliFailure('The broker answered in a shape that this program does not know', {
    exitCode: EXIT.failure,
    lines: [`Not as expected: ${places.join(', ')}. Is the broker of another version? --json prints what it says.`],
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function foreignAnswer(url: string, status: number, why: string): CliFailure {
  return new CliFailure(`${url} answered ${status}, but not as a broker does: ${why}`, {
    exitCode: status < 300 ? EXIT.failure : exitCodeOfStatus(status),
    lines: ['Check --url (MOQ_BROKER_URL): it must lead to a broker.'],
  })
}

function unreachable(url: string, error: unknown, timeoutMs: number | undefined): CliFailure {
  const reason = timeoutMs === undefined ? reasonOf(error) : `it did not answer within ${durationInWords(timeoutMs)}`
  return new CliFailure(`No broker can be reached at ${url}: ${reason}`, {
    exitCode: EXIT.failure,
    lines:
      timeoutMs === undefined
        ? ['Is it running? Start one with: npm start. Or name another: --url URL, or MOQ_BROKER_URL.']
        : ['A change that it has accepted goes on. To wait longer: --timeout DURATION.'],
    cause: error,
  })
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name cannot be resolved'
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'the connection was cut'
    case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
      return 'the answer is too large'
    default:
      return typeof code === 'string' ? code : 'the connection failed'
  }
}
