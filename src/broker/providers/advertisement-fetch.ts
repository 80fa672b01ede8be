import type { Agent } from 'undici'

export interface FetchedAdvertisement {
  readonly kind: 'fetched'
  readonly text: string
  readonly etag?: string
}

export type FetchOutcome = FetchedAdvertisement | { readonly kind: 'unchanged' }

export interface AdvertisementRequest {
  readonly url: string
  readonly token?: string
  readonly etag?: string
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly signal: AbortSignal
}

/** Why an advertisement could not be fetched. The message holds no token and no more of the URL than its host. */
export class AdvertisementFetchError extends Error {
  override readonly name = 'AdvertisementFetchError'
}

const ACCEPT = 'application/cdni; ptype=FCI.Advertisement, application/alto-cdni+json, application/json;q=0.9'

/**
 * Conditional GET of an FCI document (brief 1.5, profile A), bounded in time and size. Redirects are not followed:
 * they would lead to a host that the operator did not allow.
 */
export async function fetchAdvertisement(agent: Agent, request: AdvertisementRequest): Promise<FetchOutcome> {
  const { host } = new URL(request.url)
  const deadline = AbortSignal.timeout(request.timeoutMs)
  const signal = AbortSignal.any([deadline, request.signal])
  try {
    const url = new URL(request.url)
    const response = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: {
        accept: ACCEPT,
        ...(request.token === undefined ? {} : { authorization: `Bearer ${request.token}` }),
        ...(request.etag === undefined ? {} : { 'if-none-match': request.etag }),
      },
      signal,
    })
    if (response.statusCode === 304) {
      await response.body.dump()
      return { kind: 'unchanged' }
    }
    if (response.statusCode !== 200) {
      await response.body.dump()
      throw new AdvertisementFetchError(`${host} answered ${response.statusCode} to the request for its advertisement`)
    }
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of response.body) {
      if (!Buffer.isBuffer(chunk)) continue
      size += chunk.length
      if (size > request.maxBytes) {
        response.body.destroy()
        throw new AdvertisementFetchError(
          `the advertisement of ${host} is larger than ${request.maxBytes} bytes (fci.max_bytes)`,
        )
      }
      chunks.push(chunk)
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
    const etag = response.headers['etag']
    return typeof etag === 'string' ? { kind: 'fetched', text, etag } : { kind: 'fetched', text }
  } catch (error) {
    if (error instanceof AdvertisementFetchError) throw error
    if (deadline.aborted)
      throw new AdvertisementFetchError(`${host} did not send its advertisement within ${request.timeoutMs} ms`)
    if (request.signal.aborted) throw new AdvertisementFetchError('the fetch was ended by the broker')
    if (error instanceof TypeError) throw new AdvertisementFetchError(`the advertisement of ${host} is not UTF-8`)
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new AdvertisementFetchError(`${host} could not be reached for its advertisement (${code})`)
  }
}
