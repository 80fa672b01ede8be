import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { readJsonBody } from '../request-body.ts'
import { BODY_PROBLEMS, COMMON_PROBLEMS, IdSchema, jsonAnswer } from '../wire-fields.ts'

type Deps = Pick<HttpDeps, 'measurements' | 'keys' | 'limits'>

const MAX_REPORTS = 1000
const MAX_AGE_SECONDS = 86_400

const AgeSchema = z
  .number()
  .min(0)
  .max(MAX_AGE_SECONDS)
  .default(0)
  .openapi({ description: 'How long ago it was seen. Default: now.' })
const LabelSchema = z.string().min(1).max(200)

const SampleSchema = z
  .strictObject({
    client: z.string().min(1).max(64).openapi({ description: 'Its address, or a prefix around it.' }),
    provider: IdSchema,
    rtt_ms: z.number().min(0).max(120_000).optional(),
    throughput_kbps: z.number().min(0).optional(),
    error: z.boolean().optional().openapi({ description: 'Whether it failed.' }),
    rebuffer_share: z.number().min(0).max(1).optional().openapi({ description: 'Of the playing time.' }),
    age_seconds: AgeSchema,
  })
  .openapi('MeasurementSample')

const UsageSchema = z
  .strictObject({
    provider: IdSchema,
    limit_type: LabelSchema.openapi({
      description: 'As in FCI.CapacityLimits (RFC 9808 2.2), or `volume`: bytes carried in the current period.',
    }),
    limit_id: LabelSchema.optional().openapi({ description: 'Default: all limits of this type.' }),
    telemetry_source: z.strictObject({ id: LabelSchema, metric: LabelSchema }).optional(),
    value: z.number().min(0),
    age_seconds: AgeSchema,
  })
  .openapi('UsageReport')

const BodySchema = z
  .strictObject({
    samples: z.array(SampleSchema).max(MAX_REPORTS).default([]),
    usage: z.array(UsageSchema).max(MAX_REPORTS).default([]),
  })
  .openapi('Measurements')

const AnswerSchema = z
  .object({
    accepted: z.int(),
    refused: z
      .array(z.object({ list: z.enum(['samples', 'usage']), index: z.int(), detail: z.string() }))
      .readonly()
      .openapi({ description: 'What could not be used; the rest was.' }),
  })
  .openapi('MeasurementsTaken')

/** `/measurements`: what clients and telemetry saw of the providers. */
export function addMeasurementRoutes(app: OpenAPIHono<AppEnv>, { measurements, keys, limits }: Deps): void {
  const route = createRoute({
    method: 'post',
    path: '/measurements',
    operationId: 'report-measurements',
    tags: ['Routing'],
    summary: 'Up to 1000 samples and 1000 usage reports at once',
    description:
      'Role: operator, since it moves traffic. Shared with the other replicas within seconds. Takes bodies four times as large as ' +
      'other operations do.',
    middleware: [requireRole(keys, 'operator'), readJsonBody({ maxBytes: 4 * limits.bodyBytes })],
    request: { body: { required: true, content: { 'application/json': { schema: BodySchema } } } },
    responses: { 200: jsonAnswer('What was taken.', AnswerSchema), ...COMMON_PROBLEMS, ...BODY_PROBLEMS },
  })
  app.openapi(route, (c) => {
    const { samples, usage } = c.req.valid('json')
    const refused = measurements.report(
      samples.map((one) => ({
        client: one.client,
        provider: one.provider,
        ageSeconds: one.age_seconds,
        ...(one.rtt_ms === undefined ? {} : { rttMs: one.rtt_ms }),
        ...(one.throughput_kbps === undefined ? {} : { throughputKbps: one.throughput_kbps }),
        ...(one.error === undefined ? {} : { error: one.error }),
        ...(one.rebuffer_share === undefined ? {} : { rebufferShare: one.rebuffer_share }),
      })),
      usage.map((one) => ({
        provider: one.provider,
        value: one.value,
        ageSeconds: one.age_seconds,
        limit: {
          limitType: one.limit_type,
          ...(one.limit_id === undefined ? {} : { id: one.limit_id }),
          ...(one.telemetry_source === undefined ? {} : { telemetrySource: one.telemetry_source }),
        },
      })),
    )
    return c.json({ accepted: samples.length + usage.length - refused.length, refused }, 200)
  })
}
