import { z } from 'zod'
import { httpUrl, milliseconds, origin, secret } from './config-fields.ts'

const AltoSchema = z.strictObject({
  /** Ask for these capabilities only (RFC 9241 5): `url` is then that of the filtered resource. */
  filter: z
    .array(z.strictObject({ type: z.string().min(1), value: z.record(z.string(), z.unknown()).default({}) }))
    .max(100)
    .default([]),
  /** The update stream service (RFC 8895). Absent: polled only. */
  updates_url: httpUrl.optional(),
  /** Id of the resource in the stream. Absent: the `resource-id` of the document's `vtag`. */
  resource_id: z.string().min(1).max(256).optional(),
  /** A stream that says nothing for this long is opened anew. */
  idle_seconds: z.number().min(1).max(3_600).default(90),
})

const GuardSchema = z.strictObject({
  /** Losing this share of the coverage, or more, at once is suspicious. */
  lost_share: z.number().min(0).max(1).default(0.5),
  /** `hold` goes on with the last good one, `log` only tells, `accept` does not look. */
  action: z.enum(['hold', 'log', 'accept']).default('hold'),
  /** One held back is believed after it was seen unchanged for this long. */
  hold_seconds: z.number().min(0).max(31_536_000).default(900),
  /** An advertisement of nothing says "not ready" (RFC 9241 3.6); `hold` doubts that too. */
  empty: z.enum(['accept', 'hold']).default('accept'),
})

/** How the advertisement of one provider is had. */
export const FciSchema = z
  .strictObject({
    /** How it is offered: plain HTTP, as SVTA's open caching does, or by ALTO (RFC 9241). */
    profile: z.enum(['http', 'svta', 'alto']).default('http'),
    /** Where the provider's FCI advertisement is (RFC 8008). */
    url: httpUrl,
    token: secret.optional(),
    /** Further origins that redirects and references in its documents may lead to. */
    allowed_origins: z.array(origin).max(100).default([]),
    /** Asked again after this long, or earlier where its `Cache-Control` says so. */
    poll_seconds: z.number().min(1).max(86_400).default(60),
    timeout_ms: milliseconds(100, 60_000).default(5_000),
    max_bytes: z.number().int().min(1_000).max(200_000_000).default(20_000_000),
    /** How footprints of different types in one array combine: `and` is RFC 9388 2.2; `or` for peers that mean it so. */
    footprint_combination: z.enum(['and', 'or']).default('and'),
    /** Unconfirmed for longer than this: demoted. */
    stale_after_seconds: z.number().min(1).default(600),
    /** Unconfirmed for longer than this: not used. */
    expire_after_seconds: z.number().min(1).default(86_400),
    /** With `svta`: have changes sent to `public_url`. */
    subscribe: z.boolean().default(false),
    alto: AltoSchema.optional(),
    /** The named footprints that the advertisement refers to (draft-arolovitch), all in one document. */
    footprints_url: httpUrl.optional(),
    /** How long one is used after it has expired while it cannot be fetched. */
    footprints_grace_seconds: z.number().min(0).max(31_536_000).default(86_400),
    /** Most requests for named footprints in a second. */
    footprints_per_second: z.number().int().min(1).max(100).default(5),
    guard: GuardSchema.prefault({}),
  })
  .check((context) => {
    const { profile, subscribe, alto, url } = context.value
    const refuse = (key: string, message: string): void => {
      context.issues.push({ code: 'custom', message, input: context.value, path: [key] })
    }
    if (alto !== undefined && profile !== 'alto') refuse('alto', 'needs profile: alto')
    if (subscribe && profile !== 'svta') refuse('subscribe', 'needs profile: svta')
    if (subscribe && !new URL(url).pathname.endsWith('/advertisement')) {
      refuse('url', 'must end with /advertisement, beside which the subscription is, as in /OC/FCI/advertisement')
    }
  })

export type FciConfig = z.infer<typeof FciSchema>

/** What the broker may connect to when others name it. */
export const OutboundSchema = z.strictObject({
  /** Hosts with addresses that are not public and that are meant nevertheless. */
  private_hosts: z.array(z.string().min(1).max(253)).default([]),
})
