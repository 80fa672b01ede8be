import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type AppEnv, type HttpDeps, principalOf } from '../../http/app-env.ts'
import { requireRole } from '../../http/authentication.ts'
import { readJsonBody } from '../../http/request-body.ts'
import { BODY_PROBLEMS, COMMON_PROBLEMS, jsonAnswer, NOT_FOUND, problemAnswer } from '../../http/wire-fields.ts'
import { federationOf } from '../audience-check.ts'
import type { HeldNamespace } from '../footprint-record.ts'
import { toDefinition } from './footprint-definition.ts'
import {
  FootprintParamSchema,
  FootprintStateSchema,
  NamespaceParamSchema,
  NamespaceStateSchema,
  PutFootprintSchema,
  PutNamespaceSchema,
} from './footprint-schemas.ts'

type Deps = Pick<HttpDeps, 'keys' | 'federation' | 'limits'>

const CONFLICT = { 409: problemAnswer('`invalid-state`: `errors` lists what refers to it or is below it.') } as const

/** `PUT` and `DELETE` of what we publish as named footprints. */
export function addFootprintAdminRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  addNamespaceRoutes(app, deps)
  addFootprintRoutes(app, deps)
}

function addNamespaceRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const { keys, limits } = deps
  const common = { path: '/fci/footprints/{namespace}', tags: ['Federation'] }
  const put = createRoute({
    ...common,
    method: 'put',
    operationId: 'put-footprint-namespace',
    summary: 'Make or change a namespace of named footprints',
    description: 'Role: operator. Its footprints stay.',
    middleware: [requireRole(keys, 'operator'), readJsonBody({ maxBytes: limits.bodyBytes, optional: true })],
    request: {
      params: NamespaceParamSchema,
      body: { required: true, content: { 'application/json': { schema: PutNamespaceSchema } } },
    },
    responses: {
      200: jsonAnswer('Changed.', NamespaceStateSchema),
      201: jsonAnswer('Made.', NamespaceStateSchema),
      ...COMMON_PROBLEMS,
      ...BODY_PROBLEMS,
      ...NOT_FOUND,
      ...CONFLICT,
    },
  })
  app.openapi(put, async (c) => {
    const { namespace } = c.req.valid('param')
    const { 'footprint-type': type, ttl_seconds: ttlSeconds, peers } = c.req.valid('json')
    const { footprints } = federationOf(deps)
    const held = await footprints.putNamespace(namespace, { type, ttlSeconds, peers }, principalOf(c).id)
    return c.json(stateOf(held), held.isNew ? 201 : 200)
  })

  const remove = createRoute({
    ...common,
    method: 'delete',
    operationId: 'delete-footprint-namespace',
    summary: 'Retire a namespace with all its footprints',
    description: 'Role: operator. Refused while anything refers to one of them.',
    middleware: [requireRole(keys, 'operator')],
    request: { params: NamespaceParamSchema },
    responses: { 204: { description: 'It is gone.' }, ...COMMON_PROBLEMS, ...NOT_FOUND, ...CONFLICT },
  })
  app.openapi(remove, async (c) => {
    await federationOf(deps).footprints.deleteNamespace(c.req.valid('param').namespace, principalOf(c).id)
    return c.body(null, 204)
  })
}

function addFootprintRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const { keys, limits } = deps
  const common = { path: '/fci/footprints/{namespace}/{name}', tags: ['Federation'] }
  const put = createRoute({
    ...common,
    method: 'put',
    operationId: 'put-named-footprint',
    summary: 'Make or change a named footprint',
    description:
      'Role: operator. Refused, with an example address, where it provably shares clients with one beside it or lies outside the one above it.',
    middleware: [requireRole(keys, 'operator'), readJsonBody({ maxBytes: 16 * limits.bodyBytes })],
    request: {
      params: FootprintParamSchema,
      body: { required: true, content: { 'application/json': { schema: PutFootprintSchema } } },
    },
    responses: {
      200: jsonAnswer('Changed.', FootprintStateSchema),
      201: jsonAnswer('Made.', FootprintStateSchema),
      ...COMMON_PROBLEMS,
      ...BODY_PROBLEMS,
      ...NOT_FOUND,
      ...CONFLICT,
    },
  })
  app.openapi(put, async (c) => {
    const { namespace, name } = c.req.valid('param')
    const { 'footprint-def': definition, parent } = c.req.valid('json')
    const { footprints } = federationOf(deps)
    const footprint = { name, definition: toDefinition(definition), ...(parent === undefined ? {} : { parent }) }
    const held = await footprints.putFootprint(namespace, footprint, principalOf(c).id)
    const state = { namespace, name, uri: footprints.uriOf(namespace, name), parent, revision: held.revision }
    return c.json(state, held.isNew ? 201 : 200)
  })

  const remove = createRoute({
    ...common,
    method: 'delete',
    operationId: 'delete-named-footprint',
    summary: 'Retire a named footprint',
    description: 'Role: operator. Refused while anything refers to it; one without values can be published instead.',
    middleware: [requireRole(keys, 'operator')],
    request: { params: FootprintParamSchema },
    responses: { 204: { description: 'It is gone.' }, ...COMMON_PROBLEMS, ...NOT_FOUND, ...CONFLICT },
  })
  app.openapi(remove, async (c) => {
    const { namespace, name } = c.req.valid('param')
    await federationOf(deps).footprints.deleteFootprint(namespace, name, principalOf(c).id)
    return c.body(null, 204)
  })
}

function stateOf({ record, revision }: HeldNamespace) {
  return {
    namespace: record.name,
    'footprint-type': record.type,
    ttl_seconds: record.ttlSeconds,
    peers: record.peers === undefined ? undefined : [...record.peers],
    footprints: record.footprints.length,
    revision,
  }
}
