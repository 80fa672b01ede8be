import { z } from '@hono/zod-openapi'

export const MAX_STRETCHES = 1000

const Share = z.number().min(0).max(1)
const ShareListSchema = z.array(z.object({ provider: z.string(), share: Share })).readonly()

const CoverageRowSchema = z.object({
  key: z.string().openapi({ description: 'A country, an AS number such as `as64500`; `-`: nothing is known.' }),
  v4_addresses: z.number(),
  v6_prefixes_48: z.number().openapi({ description: 'IPv6 space in /48 prefixes.' }),
  serving: ShareListSchema.openapi({ description: 'Share that each provider serves now.' }),
  able: ShareListSchema.openapi({ description: 'Share that each could serve, were it healthy and enabled.' }),
  alone_share: Share.openapi({ description: 'Share that exactly one provider could serve.' }),
  overlap_share: Share.openapi({ description: 'Share that two or more could serve.' }),
  gap_share: Share.openapi({ description: 'Share that nobody could serve.' }),
})

const PrefixRowSchema = z.object({
  prefix: z.string(),
  serving: ShareListSchema,
  able: z.array(z.string()).readonly(),
})

/** A word of the query, so that both forms can be one operation. */
export const CoverageQuerySchema = z.strictObject({
  by: z.enum(['country', 'asn']).optional().openapi({ description: 'Default: country.' }),
  prefix: z.string().max(64).optional().openapi({
    description: 'Instead of `by`: the stretches of this prefix that are answered alike.',
    example: '192.0.2.0/24',
  }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .openapi({
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      description: `Rows at most. Default: 1000, and ${MAX_STRETCHES} at most for a prefix.`,
    }),
})

export const CoverageAnswerSchema = z
  .object({
    map: z.string().openapi({ description: 'Version of the compiled map.' }),
    providers: z.array(z.string()).readonly().optional(),
    rows: z.array(CoverageRowSchema).readonly().optional(),
    rows_left_out: z.int().optional().openapi({ description: 'The smallest ones, beyond `limit`.' }),
    stretches: z.array(PrefixRowSchema).readonly().optional(),
    continues_at: z.string().optional().openapi({ description: 'Address of the first stretch that is not listed.' }),
  })
  .openapi('Coverage')
export type CoverageWire = z.infer<typeof CoverageAnswerSchema>
