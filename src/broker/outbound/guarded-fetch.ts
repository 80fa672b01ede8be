import { Agent, type Dispatcher } from 'undici'
import { discard, readBoundedText } from './bounded-body.ts'
import { guardConnect, type ResolveHost, resolveBySystem } from './guarded-connect.ts'
import { type Freshness, fieldText, type HeaderFields, readFreshness } from './http-freshness.ts'
import { OutboundError } from './outbound-error.ts'

/** A request for a document of somebody whom we trust only so far. */
export interface GuardedRequest {
  readonly url: string
  /** Origins (`https://host:port`) that may be asked, that of `url` among them. Redirects stay among them too. */
  readonly allowedOrigins: readonly string[]
  /** For messages, e.g. `its advertisement`. */
  readonly what: string
  /** Default GET. Only a GET is redirected. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** In lower case; without credentials and conditions. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** A bearer token. It goes to the origin of `url` and not to where that redirects. */
  readonly token?: string
  /** Validators of what is held already (RFC 9110 13.1). */
  readonly etag?: string
  readonly lastModified?: string
  /** Whether a body of this `Content-Type` may be read. Default: any. */
  readonly accepts?: (contentType: string | undefined) => boolean
  /** For everything: connecting, redirects, header and body. */
  readonly timeoutMs: number
  /** Of the body, before and after decoding. */
  readonly maxBytes: number
  readonly signal: AbortSignal
}

export interface Validators {
  readonly etag?: string
  readonly lastModified?: string
}

interface AnswerHead {
  readonly validators: Validators
  readonly freshness: Freshness
}

export type GuardedAnswer =
  /** 304: what is held is current. */
  | ({ readonly kind: 'unchanged' } & AnswerHead)
  | ({
      readonly kind: 'document'
      readonly status: number
      readonly text: string
      readonly contentType?: string
      /** `Location`, made absolute. */
      readonly location?: string
    } & AnswerHead)

/** An answer whose body is read as it comes. */
export interface OpenedStream {
  readonly contentType?: string
  readonly chunks: AsyncIterable<Uint8Array>
  close(): void
}

/** HTTP towards hosts that others may name or redirect to. Both methods throw `OutboundError` and nothing else. */
export interface GuardedFetcher extends AsyncDisposable {
  fetch(request: GuardedRequest): Promise<GuardedAnswer>
  /** `timeoutMs` is for the header alone; whoever reads must bound the body. */
  open(request: Omit<GuardedRequest, 'maxBytes'>): Promise<OpenedStream>
}

export interface GuardedFetcherOptions {
  /** Default: the system's resolver. */
  readonly resolve?: ResolveHost
  /** Hosts that may have addresses that are not public. */
  readonly privateHosts: readonly string[]
  readonly now: () => number
}

const MAX_REDIRECTS = 3
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MAX_ERROR_BYTES = 16_384

export function createGuardedFetcher(options: GuardedFetcherOptions): GuardedFetcher {
  const agent = new Agent({
    connect: guardConnect({
      resolve: options.resolve ?? resolveBySystem,
      privateHosts: new Set(options.privateHosts.map((host) => host.replace(/^\[|\]$/g, '').toLowerCase())),
    }),
    connections: 4,
    // The request's own deadline rules.
    headersTimeout: 0,
    bodyTimeout: 0,
  })

  async function ask(request: Omit<GuardedRequest, 'maxBytes'>, signal: AbortSignal): Promise<Asked> {
    let url = allowedUrl(request.url, request)
    const origin = url.origin
    for (let hops = 0; ; hops++) {
      const response = await agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: request.method ?? 'GET',
        headers: headersOf(request, url.origin === origin),
        ...(request.body === undefined ? {} : { body: request.body }),
        signal,
      })
      if (!REDIRECTS.has(response.statusCode)) return { response, url }
      discard(response.body)
      url = nextUrl(request, url, fieldText(response.headers, 'location'), hops)
    }
  }

  return {
    async fetch(request) {
      const deadline = AbortSignal.timeout(request.timeoutMs)
      const signal = AbortSignal.any([deadline, request.signal])
      try {
        const { response, url } = await ask(request, signal)
        const head = headOf(response.headers, options.now())
        if (response.statusCode === 304) {
          await response.body.dump()
          return { kind: 'unchanged', ...head }
        }
        const contentType = fieldText(response.headers, 'content-type')
        const location = fieldText(response.headers, 'location')
        const text = await readAnswer(request, response, contentType, signal)
        return {
          kind: 'document',
          status: response.statusCode,
          text,
          ...(contentType === undefined ? {} : { contentType }),
          ...(location === undefined || !URL.canParse(location, url) ? {} : { location: new URL(location, url).href }),
          ...head,
        }
      } catch (error) {
        throw outboundErrorOf(error, request, deadline)
      }
    },
    async open(request) {
      const deadline = new AbortController()
      const timer = setTimeout(() => deadline.abort(), request.timeoutMs)
      const closed = new AbortController()
      const signal = AbortSignal.any([deadline.signal, request.signal, closed.signal])
      try {
        const { response } = await ask(request, signal)
        const contentType = fieldText(response.headers, 'content-type')
        await refuseUnlessReadable(request, response, contentType, signal)
        return {
          ...(contentType === undefined ? {} : { contentType }),
          chunks: chunksOf(response.body, request, deadline.signal),
          close: () => closed.abort(),
        }
      } catch (error) {
        throw outboundErrorOf(error, request, deadline.signal)
      } finally {
        clearTimeout(timer)
      }
    },
    async [Symbol.asyncDispose]() {
      await agent.destroy()
    },
  }
}

interface Asked {
  readonly response: Dispatcher.ResponseData
  readonly url: URL
}

type Bounded = Omit<GuardedRequest, 'maxBytes'>

function allowedUrl(text: string, { allowedOrigins, what }: Bounded): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new OutboundError('forbidden', `the address of ${what} is no http or https URL`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new OutboundError('forbidden', `the URL of ${what} at ${url.host} holds a user or a password`)
  }
  if (!allowedOrigins.includes(url.origin)) {
    throw new OutboundError('forbidden', `${url.origin} is not allowed to serve ${what}; see fci.allowed_origins`)
  }
  return url
}

function nextUrl(request: Bounded, from: URL, location: string | undefined, hops: number): URL {
  if ((request.method ?? 'GET') !== 'GET') {
    throw new OutboundError('redirect', `${from.host} redirects ${request.what}, which is not a GET`)
  }
  if (hops === MAX_REDIRECTS) {
    throw new OutboundError('redirect', `${from.host} redirects ${request.what} more than ${MAX_REDIRECTS} times`)
  }
  if (location === undefined || !URL.canParse(location, from)) {
    throw new OutboundError('redirect', `${from.host} redirects ${request.what} without saying where to`)
  }
  const to = allowedUrl(new URL(location, from).href, request)
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new OutboundError('redirect', `${from.host} redirects ${request.what} from https to http`)
  }
  return to
}

function headersOf(request: Bounded, sameOrigin: boolean): Record<string, string> {
  const { token, etag, lastModified } = request
  return {
    'accept-encoding': 'gzip',
    'user-agent': 'moq-broker',
    ...request.headers,
    ...(token === undefined || !sameOrigin ? {} : { authorization: `Bearer ${token}` }),
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    // RFC 9110 13.1.3: ignored beside If-None-Match.
    ...(lastModified === undefined || etag !== undefined ? {} : { 'if-modified-since': lastModified }),
  }
}

function headOf(headers: HeaderFields, now: number): AnswerHead {
  const etag = fieldText(headers, 'etag')
  const lastModified = fieldText(headers, 'last-modified')
  return {
    validators: {
      ...(etag === undefined ? {} : { etag }),
      ...(lastModified === undefined ? {} : { lastModified }),
    },
    freshness: readFreshness(headers, now),
  }
}

async function readAnswer(
  request: GuardedRequest,
  response: Dispatcher.ResponseData,
  contentType: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  await refuseUnlessReadable(request, response, contentType, signal)
  const coding = fieldText(response.headers, 'content-encoding')
  return readBoundedText(response.body, { coding, maxBytes: request.maxBytes, what: request.what, signal })
}

async function refuseUnlessReadable(
  request: Bounded,
  response: Dispatcher.ResponseData,
  contentType: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const host = new URL(request.url).host
  const { statusCode: status, headers, body } = response
  if (status < 200 || status > 299) {
    const coding = fieldText(headers, 'content-encoding')
    const reading = { coding, maxBytes: MAX_ERROR_BYTES, what: 'an error', signal }
    const text = await readBoundedText(body, reading).catch(() => '')
    throw new OutboundError('status', `${host} answered ${status} to the request for ${request.what}`, {
      status,
      body: text,
    })
  }
  if (status !== 204 && request.accepts?.(contentType) === false) {
    discard(body)
    throw new OutboundError('content_type', `${host} sent ${request.what} as another media type than was asked for`)
  }
}

async function* chunksOf(
  body: AsyncIterable<unknown>,
  request: Bounded,
  deadline: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) if (chunk instanceof Uint8Array) yield chunk
  } catch (error) {
    throw outboundErrorOf(error, request, deadline)
  }
}

function outboundErrorOf(error: unknown, request: Bounded, deadline: AbortSignal): OutboundError {
  const found = outboundCause(error)
  if (found !== undefined) return found
  const host = URL.canParse(request.url) ? new URL(request.url).host : 'the host'
  if (request.signal.aborted) return new OutboundError('ended', `the request for ${request.what} was ended`)
  if (deadline.aborted) {
    return new OutboundError('timeout', `${host} did not send ${request.what} within ${request.timeoutMs} ms`)
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  return new OutboundError('unreachable', `${host} could not be reached for ${request.what} (${code})`)
}

function outboundCause(error: unknown): OutboundError | undefined {
  if (error instanceof OutboundError) return error
  return error instanceof Error && error.cause instanceof OutboundError ? error.cause : undefined
}
