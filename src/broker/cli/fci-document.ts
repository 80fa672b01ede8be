import { readFile, stat } from 'node:fs/promises'
import { createGuardedFetcher } from '../outbound/guarded-fetch.ts'
import { OutboundError } from '../outbound/outbound-error.ts'
import { CliFailure } from './cli-failure.ts'
import { EXIT, exitCodeOfStatus } from './exit-codes.ts'

/** What is to be checked, as text. */
export interface FciDocument {
  /** The file's name, or the URL without its query. */
  readonly name: string
  readonly text: string
  /** Of a fetched document. */
  readonly contentType?: string
}

export interface DocumentSource {
  /** Path of a file, or an http or https URL. */
  readonly location: string
  /** A bearer token, for a URL. */
  readonly token: string | undefined
  readonly timeoutMs: number
  readonly now: () => number
}

const MAX_BYTES = 64 * 1024 * 1024
const ACCEPT =
  'application/cdni, application/alto-cdni+json;q=0.9, application/json;q=0.8, text/csv;q=0.7, text/plain;q=0.5'

/** Reads a file or fetches a URL, within bounds. Throws CliFailure that says why it cannot. */
export function loadFciDocument(source: DocumentSource): Promise<FciDocument> {
  return /^https?:\/\//i.test(source.location) ? fetchDocument(source) : readDocumentFile(source.location)
}

async function readDocumentFile(path: string): Promise<FciDocument> {
  try {
    const { size } = await stat(path)
    if (size > MAX_BYTES) throw new CliFailure(`${path} is larger than ${MAX_BYTES} bytes`, { exitCode: EXIT.usage })
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path))
    return { name: path, text }
  } catch (error) {
    if (error instanceof CliFailure) throw error
    if (error instanceof TypeError) {
      throw new CliFailure(`${path} is not UTF-8`, { exitCode: EXIT.usage, lines: ['I-JSON and geofeeds are UTF-8.'] })
    }
    throw new CliFailure(`${path} cannot be read`, { exitCode: EXIT.usage, lines: [codeOf(error)], cause: error })
  }
}

async function fetchDocument({ location, token, timeoutMs, now }: DocumentSource): Promise<FciDocument> {
  const url = URL.canParse(location) ? new URL(location) : undefined
  if (url === undefined || url.username !== '' || url.password !== '') {
    throw new CliFailure('The URL must be absolute and without user information', {
      exitCode: EXIT.usage,
      lines: ['A bearer token is given by --token env:NAME.'],
    })
  }
  // Whoever types the URL may ask that host, wherever it is, and no other.
  await using fetcher = createGuardedFetcher({ privateHosts: [url.hostname], now })
  try {
    const answer = await fetcher.fetch({
      url: url.href,
      allowedOrigins: [url.origin],
      what: 'the document',
      headers: { accept: ACCEPT },
      timeoutMs,
      maxBytes: MAX_BYTES,
      signal: new AbortController().signal,
      ...(token === undefined ? {} : { token }),
    })
    if (answer.kind === 'unchanged') throw new CliFailure(`${url.host} answered 304`, { exitCode: EXIT.failure })
    const { text, contentType } = answer
    return { name: `${url.origin}${url.pathname}`, text, ...(contentType === undefined ? {} : { contentType }) }
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    throw failureOfFetch(error, url)
  }
}

function failureOfFetch(error: OutboundError, url: URL): CliFailure {
  const { fault, status } = error
  if (fault === 'forbidden' || fault === 'redirect') {
    return new CliFailure(`${url.host} redirects to another place`, {
      exitCode: EXIT.failure,
      lines: ['Redirects to other origins are not followed; check the place itself.'],
      cause: error,
    })
  }
  return new CliFailure(error.message, {
    exitCode: status === undefined ? EXIT.failure : exitCodeOfStatus(status),
    lines: adviceOf(status),
    cause: error,
  })
}

function adviceOf(status: number | undefined): readonly string[] {
  if (status === 401 || status === 403) return ['Give the bearer token by --token env:NAME.']
  return status === 406 || status === 415 ? [`It was asked for ${ACCEPT}.`] : []
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
