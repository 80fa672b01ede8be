import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { KeyView } from '../../key-service.ts'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { readJsonBody } from '../request-body.ts'
import {
  BODY_PROBLEMS,
  COMMON_PROBLEMS,
  IdParamSchema,
  jsonAnswer,
  NameSchema,
  NOT_FOUND,
  problemAnswer,
  TimeSchema,
  toTime,
} from '../wire-fields.ts'

type Deps = Pick<HttpDeps, 'keys' | 'limits'>

const RoleSchema = z.enum(['reader', 'operator', 'admin'])

const CreateKeySchema = z.strictObject({ name: NameSchema, role: RoleSchema }).openapi('CreateKey')

const KeySchema = z
  .object({ key_id: z.string(), name: z.string(), role: RoleSchema, created_at: TimeSchema })
  .openapi('Key')

const CreatedKeySchema = z
  .object({
    ...KeySchema.shape,
    key: z.string().openapi({ description: 'The whole key. It is shown here and nowhere else.', example: 'mqb_...' }),
  })
  .openapi('CreatedKey')

const KeyListSchema = z.object({ keys: z.array(KeySchema).readonly() }).openapi('KeyList')

/** `/keys`: who may use this API. */
export function addKeyRoutes(app: OpenAPIHono<AppEnv>, { keys, limits }: Deps): void {
  const create = createRoute({
    method: 'post',
    path: '/keys',
    operationId: 'create-key',
    tags: ['Keys'],
    summary: 'Make an API key',
    description: 'Role: admin.',
    middleware: [requireRole(keys, 'admin'), readJsonBody({ maxBytes: limits.bodyBytes })],
    request: { body: { required: true, content: { 'application/json': { schema: CreateKeySchema } } } },
    responses: {
      201: { ...jsonAnswer('The key, once.', CreatedKeySchema), headers: z.object({ Location: z.string() }) },
      ...COMMON_PROBLEMS,
      ...BODY_PROBLEMS,
    },
  })
  app.openapi(create, async (c) => {
    const { name, role } = c.req.valid('json')
    const created = await keys.create({ name, role })
    c.header('Location', `/keys/${created.id}`)
    return c.json({ ...keyToWire(created), key: created.key }, 201)
  })

  const list = createRoute({
    method: 'get',
    path: '/keys',
    operationId: 'list-keys',
    tags: ['Keys'],
    summary: 'All API keys, without their secrets',
    description: 'Role: admin.',
    middleware: [requireRole(keys, 'admin')],
    responses: { 200: jsonAnswer('The keys.', KeyListSchema), ...COMMON_PROBLEMS },
  })
  app.openapi(list, async (c) => c.json({ keys: (await keys.list()).map(keyToWire) }, 200))

  const revoke = createRoute({
    method: 'delete',
    path: '/keys/{id}',
    operationId: 'revoke-key',
    tags: ['Keys'],
    summary: 'Revoke an API key',
    description: 'Role: admin. At once in this process, within seconds in others. The last admin key stays.',
    middleware: [requireRole(keys, 'admin')],
    request: { params: IdParamSchema },
    responses: {
      204: { description: 'Revoked.' },
      ...COMMON_PROBLEMS,
      ...NOT_FOUND,
      409: problemAnswer('`invalid-state`: it is the last admin key.'),
    },
  })
  app.openapi(revoke, async (c) => {
    await keys.revoke(c.req.valid('param').id)
    return c.body(null, 204)
  })
}

function keyToWire(view: KeyView): z.infer<typeof KeySchema> {
  return { key_id: view.id, name: view.name, role: view.role, created_at: toTime(view.createdAt) }
}
