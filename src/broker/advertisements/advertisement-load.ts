import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { parseMediaType } from '../../fci/media-type.ts'
import { mayHoldAdvertisement } from '../../fci/payload-types.ts'
import type { ProviderConfig } from '../config/config-schema.ts'
import type { FciConfig } from '../config/fci-schema.ts'
import type { GuardedAnswer, GuardedFetcher, GuardedRequest, Validators } from '../outbound/guarded-fetch.ts'
import { OutboundError } from '../outbound/outbound-error.ts'

export type LoadedAdvertisement =
  | { readonly kind: 'unchanged'; readonly freshness: GuardedAnswer['freshness'] }
  | {
      readonly kind: 'document'
      readonly text: string
      readonly validators: Validators
      readonly freshness: GuardedAnswer['freshness']
    }

export interface LoadDeps {
  readonly fetcher: GuardedFetcher
  readonly token?: string
  readonly signal: AbortSignal
}

const MAX_FILE_BYTES = 200_000_000
const ACCEPT: Readonly<Record<FciConfig['profile'], string>> = {
  http: 'application/cdni; ptype=FCI.Advertisement, application/alto-cdni+json, application/json;q=0.9',
  svta: 'application/cdni, application/json;q=0.9',
  alto: 'application/alto-cdni+json, application/alto-error+json',
}

/**
 * Asks once for the advertisement, in the way of the provider's profile. Undefined where none is configured. Throws
 * `OutboundError`, or for a file what `fs` throws, or TypeError if it is not UTF-8.
 */
export async function loadAdvertisement(
  config: ProviderConfig,
  held: Validators,
  deps: LoadDeps,
): Promise<LoadedAdvertisement | undefined> {
  if (config.fci_file !== undefined) return loadFile(config.fci_file, held)
  if (config.fci === undefined) return undefined
  return deps.fetcher
    .fetch({ ...baseRequest(config.fci, deps), ...conditions(config.fci, held), ...questionOf(config.fci) })
    .catch((error: unknown) => {
      throw withAltoError(error)
    })
}

/** What every request to the provider's FCI has in common. */
export function baseRequest(fci: FciConfig, { token, signal }: LoadDeps): GuardedRequest {
  return {
    url: fci.url,
    allowedOrigins: originsOf(fci),
    what: 'its advertisement',
    timeoutMs: fci.timeout_ms,
    maxBytes: fci.max_bytes,
    signal,
    ...(token === undefined ? {} : { token }),
  }
}

/** Every URL in the configuration of one provider's FCI. */
export function urlsOf(fci: FciConfig): readonly string[] {
  const further = [fci.alto?.updates_url, fci.footprints_url].filter((url) => url !== undefined)
  return [fci.url, ...further, ...fci.allowed_origins]
}

/** Where the provider's documents, and what they name, may come from: what the operator configured, and no more. */
export function originsOf(fci: FciConfig): readonly string[] {
  return urlsOf(fci).map((url) => new URL(url).origin)
}

/** The filter of RFC 9241 5.3; undefined where everything is wanted. */
export function altoFilter(fci: FciConfig): { readonly 'cdni-capabilities': readonly unknown[] } | undefined {
  const filter = fci.alto?.filter ?? []
  if (filter.length === 0) return undefined
  return {
    'cdni-capabilities': filter.map(({ type, value }) => ({ 'capability-type': type, 'capability-value': value })),
  }
}

function questionOf(fci: FciConfig): Pick<GuardedRequest, 'method' | 'headers' | 'body' | 'accepts'> {
  const filter = fci.profile === 'alto' ? altoFilter(fci) : undefined
  const accepts = fci.profile === 'alto' ? isAltoAdvertisement : isAdvertisement
  if (filter === undefined) return { headers: { accept: ACCEPT[fci.profile] }, accepts }
  return {
    method: 'POST',
    headers: { accept: ACCEPT.alto, 'content-type': 'application/alto-cdnifilter+json' },
    body: JSON.stringify(filter),
    accepts,
  }
}

/** The answer to a POST has no validators that a GET's would match. */
function conditions(fci: FciConfig, held: Validators): Validators {
  return altoFilter(fci) === undefined ? held : {}
}

function isAdvertisement(contentType: string | undefined): boolean {
  return contentType === undefined || mayHoldAdvertisement(contentType)
}

function isAltoAdvertisement(contentType: string | undefined): boolean {
  const essence = parseMediaType(contentType ?? '')?.essence
  return essence === 'application/alto-cdni+json' || essence === 'application/json'
}

const AltoErrorSchema = z.object({ meta: z.object({ code: z.string().regex(/^E_[A-Z_]{1,40}$/) }) })

/** Adds the code of an ALTO error (RFC 7285 8.5) to the message. */
function withAltoError(error: unknown): unknown {
  if (!(error instanceof OutboundError) || error.fault !== 'status' || error.body === undefined) return error
  let body: unknown
  try {
    body = JSON.parse(error.body)
  } catch {
    return error
  }
  const parsed = AltoErrorSchema.safeParse(body)
  if (!parsed.success) return error
  const { status } = error
  return new OutboundError(
    'status',
    `${error.message} (${parsed.data.meta.code})`,
    status === undefined ? {} : { status },
  )
}

/** A file is read when its time has changed: that stands for a validator. */
async function loadFile(path: string, held: Validators): Promise<LoadedAdvertisement> {
  const { mtimeMs, size } = await stat(path)
  const lastModified = `${mtimeMs} ${size}`
  if (held.lastModified === lastModified) return { kind: 'unchanged', freshness: {} }
  if (size > MAX_FILE_BYTES) throw new OutboundError('too_large', `its file is larger than ${MAX_FILE_BYTES} bytes`)
  const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  return { kind: 'document', text, validators: { lastModified }, freshness: {} }
}
