import { z } from 'zod'
import { milliseconds, origin } from './config-fields.ts'

/** Private sources that footprints of providers name (draft-arolovitch 3.3.3), and the files that they are here. */
export const FootprintSourcesSchema = z
  .array(
    z.strictObject({
      /** The source's identifier, as the providers write it. */
      uri: z.string().min(1).max(2_048),
      file: z.string().min(1),
      format: z.enum(['mmdb', 'csv', 'geofeed']),
    }),
  )
  .max(100)
  .check((context) => {
    const seen = new Set<string>()
    for (const [i, { uri }] of context.value.entries()) {
      if (seen.has(uri)) {
        context.issues.push({ code: 'custom', message: 'stands here twice', input: uri, path: [i, 'uri'] })
      }
      seen.add(uri)
    }
  })
  .default([])

/** How geofeeds (RFC 8805) that footprints of providers name are had. */
export const GeofeedsSchema = z.strictObject({
  /** Origins from which they may come, beside the origins of the provider that names them. */
  allowed_origins: z.array(origin).max(100).default([]),
  timeout_ms: milliseconds(100, 120_000).default(20_000),
  max_bytes: z.number().int().min(1_000).max(200_000_000).default(20_000_000),
  /** Without a word on freshness one is fetched again after this long (RFC 8805 3.4: at least weekly). */
  refresh_seconds: z.number().min(60).max(604_800).default(86_400),
  /** One that has lost this share of its entries, or more, is taken for cut off and not used. */
  max_lost_share: z.number().min(0).max(1).default(0.5),
})

export type FootprintSourcesConfig = z.infer<typeof FootprintSourcesSchema>
export type GeofeedsConfig = z.infer<typeof GeofeedsSchema>
