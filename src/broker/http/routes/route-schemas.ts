import { z } from '@hono/zod-openapi'
import { ProblemSchema } from '../problem.ts'
import { IdSchema } from '../wire-fields.ts'

export const MAX_QUESTIONS = 1000
export const MAX_CLIENT_LENGTH = 64
export const MAX_SESSION_LENGTH = 256

const ClientSchema = z.string().min(1).max(MAX_CLIENT_LENGTH).openapi({ example: '192.0.2.7' })
const SessionSchema = z.string().min(1).max(MAX_SESSION_LENGTH)

/** Documents `GET /route`; its handler makes the same checks by hand, since it is the busiest of all. */
export const RouteQuerySchema = z.object({
  client: ClientSchema.optional().openapi({ description: "IPv4 or IPv6 address. Default: the connection's peer." }),
  scope: IdSchema.optional().openapi({ description: 'Only providers that hold this scope, with their connect URLs.' }),
  session: SessionSchema.optional().openapi({ description: 'Keeps one viewer on one provider among equals.' }),
  explain: z.enum(['true', 'false']).optional(),
  sign: z.enum(['true', 'false']).optional().openapi({ description: 'Adds `signed`.' }),
})

export const RouteBatchSchema = z
  .strictObject({
    questions: z
      .array(z.strictObject({ client: ClientSchema, scope: IdSchema.optional(), session: SessionSchema.optional() }))
      .min(1)
      .max(MAX_QUESTIONS),
    explain: z.boolean().optional(),
  })
  .openapi('RouteBatch')

const BehindSchema = z
  .object({
    provider: z.string().openapi({ description: 'The candidate before this one.' }),
    line: z
      .enum(['reserve', 'health', 'staleness', 'shedding', 'footprint', 'priority', 'balance', 'draw', 'id'])
      .openapi({ description: 'The first line of the order (docs/routing.md) that tells the two apart.' }),
    because: z.string().openapi({ description: 'What stands there for this candidate, and for the one before it.' }),
  })
  .openapi({ description: 'Why it is not before the candidate before it; absent for the first.' })

export const DecisionSchema = z
  .object({
    client: z.string().openapi({ description: 'Canonical address; mapped and tunnelled forms are reduced to IPv4.' }),
    candidates: z
      .array(
        z.object({
          provider: z.string(),
          connect_url: z.string().optional().openapi({ description: 'Holds a token. Only when a scope was named.' }),
          connect_url_withheld: z.string().optional().openapi({ description: 'Why `connect_url` is not given.' }),
          matched: z.object({
            type: z.enum(['ipv4cidr', 'ipv6cidr', 'asn', 'countrycode', 'subdivisioncode', 'global']),
            value: z.string(),
            prefix_length: z.int(),
          }),
          priority: z.number(),
          weight: z.number(),
          because: z.array(z.string()).readonly().optional(),
          behind: BehindSchema.optional(),
        }),
      )
      .readonly()
      .openapi({ description: 'Best first. Empty: nobody may serve this client.' }),
    ttl_seconds: z.number(),
    panic: z.boolean().openapi({ description: 'Everybody who could serve is down, so health was ignored.' }),
    policy: z.string().optional().openapi({ description: 'Revision of the policy that was followed.' }),
    rejected: z
      .array(
        z.object({
          provider: z.string(),
          rule: z.enum([
            'no_placement',
            'placement_not_ready',
            'disabled',
            'drained',
            'drilled',
            'excluded_by_policy',
            'down',
            'no_advertisement',
            'advertisement_expired',
            'no_moq_capability',
            'outside_footprint',
            'missing_capability',
            'denied_by_rule',
            'at_capacity',
          ]),
          because: z.string(),
        }),
      )
      .readonly()
      .optional(),
    versions: z
      .object({
        map: z
          .string()
          .optional()
          .openapi({ description: 'Of the coverage map; absent: footprints were read plainly.' }),
        geo: z.array(z.object({ name: z.string(), version: z.string() })).readonly(),
        health: z.array(z.object({ provider: z.string(), state: z.string() })).readonly(),
      })
      .optional(),
    coverage: z
      .object({
        class: z.int().openapi({ description: 'The decision class of the client: a number in this very map.' }),
        prefix: z.string().openapi({
          description:
            'A prefix around the client all of whose addresses are in this class: inside the same footprints.',
        }),
        answer_prefix: z.string().openapi({
          description:
            'The part of it whose clients get this very answer; narrower where a draw or a trial tells them apart.',
        }),
        map: z.string().openapi({ description: 'Version of the coverage map.' }),
        age_seconds: z.number(),
        kept: z.boolean().openapi({ description: 'Kept from before the last start, and not made since.' }),
        read_plainly: z
          .array(z.string())
          .readonly()
          .openapi({ description: 'Providers whose advertisement is not in this map yet; it was read plainly.' }),
      })
      .optional()
      .openapi({ description: 'Where in the coverage map the client was found; absent: there was no map.' }),
    signed: z
      .string()
      .optional()
      .openapi({
        description:
          'A compact JWS (RFC 7515) over this decision as `explain` shows it, without connect URLs, with `iat` and `exp`. ' +
          'Verify it with `/.well-known/jwks.json`.',
      }),
    advertisements: z
      .array(z.object({ provider: z.string(), version: z.string(), age_seconds: z.number(), stale: z.boolean() }))
      .readonly()
      .optional(),
  })
  .openapi('Decision')
export type DecisionWire = z.infer<typeof DecisionSchema>

export const RouteAnswersSchema = z
  .object({
    answers: z
      .array(z.union([DecisionSchema, ProblemSchema]))
      .readonly()
      .openapi({ description: 'In the order of the questions; a problem where one could not be answered.' }),
  })
  .openapi('RouteAnswers')
