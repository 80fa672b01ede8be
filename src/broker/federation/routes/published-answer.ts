import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { chooseMediaType } from '../../../fci/accept.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { isNotModified } from '../../http/conditional.ts'
import { ProblemError } from '../../http/problem.ts'
import { problemAnswer } from '../../http/wire-fields.ts'
import type { Caching } from '../federation-service.ts'
import { cacheControl } from '../federation-service.ts'

/** What an answer to a peer depends on besides the URL. */
const VARY = 'Accept, Authorization, X-API-Key'

/** Header fields of a published answer, for the OpenAPI document. */
export const PUBLISHED_HEADERS = z.object({ ETag: z.string(), 'Cache-Control': z.string(), Vary: z.string() })

/** The refusal of `acceptedType`, for the OpenAPI document. */
export const NOT_ACCEPTABLE = {
  406: problemAnswer('`not-acceptable`: `Accept` takes none of the forms.'),
} as const

/** The offered media type that the client wants; 406 if it takes none. */
export function acceptedType<Offer extends string>(context: Context<AppEnv>, offers: readonly Offer[]): Offer {
  const type = chooseMediaType(context.req.header('accept'), offers)
  if (type !== undefined) return type
  throw new ProblemError({
    kind: 'not-acceptable',
    detail: `This comes as ${offers.join(' or ')}; Accept takes none of that.`,
    headers: { Vary: VARY },
  })
}

export interface PublishedBody {
  readonly text: string
  readonly mediaType: string
  /** Without quotes; another one for every media type (RFC 9110 8.8.1). */
  readonly tag: string
  readonly lastModified?: number
}

/** 200 or 304 with a strong entity tag, for a cache of this client alone (RFC 9110 13.1.2, RFC 5861). */
export function publishedAnswer(context: Context<AppEnv>, body: PublishedBody, caching: Caching): Response {
  const headers = new Headers({ ETag: `"${body.tag}"`, 'Cache-Control': cacheControl(caching), Vary: VARY })
  if (body.lastModified !== undefined) headers.set('Last-Modified', new Date(body.lastModified).toUTCString())
  if (isNotModified(context.req.header('if-none-match'), body.tag)) return new Response(null, { status: 304, headers })
  headers.set('Content-Type', body.mediaType)
  return new Response(body.text, { status: 200, headers })
}
