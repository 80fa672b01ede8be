import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { etagOf } from '../conditional.ts'
import { readJsonBody } from '../request-body.ts'
import { BODY_PROBLEMS, COMMON_PROBLEMS, jsonAnswer, NOT_FOUND } from '../wire-fields.ts'
import { DryRunBodySchema, EffectSchema, FindingsSchema, LintBodySchema, PolicySchema } from './policy-schemas.ts'
import { effectToWire, policyToWire } from './policy-wire.ts'

type Deps = Pick<HttpDeps, 'policies' | 'keys' | 'limits'>

/** So many times the usual body: a policy may hold footprints of hundreds of networks. */
export const POLICY_BODY_FACTOR = 16

/** `/policy`: what is asked of it without changing it. */
export function addPolicyRoutes(app: OpenAPIHono<AppEnv>, { policies, keys, limits }: Deps): void {
  const readBody = readJsonBody({ maxBytes: POLICY_BODY_FACTOR * limits.bodyBytes })
  const get = createRoute({
    method: 'get',
    path: '/policy',
    operationId: 'get-policy',
    tags: ['Policy'],
    summary: 'The policy, what is on trial, and its history',
    description: 'Role: operator, since it may hold prices.',
    middleware: [requireRole(keys, 'operator')],
    responses: { 200: jsonAnswer('The policy.', PolicySchema), ...COMMON_PROBLEMS },
  })
  app.openapi(get, async (c) => {
    const view = await policies.show()
    c.header('ETag', etagOf(view.version))
    return c.json(policyToWire(view), 200)
  })

  const lint = createRoute({
    method: 'post',
    path: '/policy/lint',
    operationId: 'lint-policy',
    tags: ['Policy'],
    summary: 'Check a policy file',
    description: 'Role: operator. Changes nothing.',
    middleware: [requireRole(keys, 'operator'), readBody],
    request: { body: { required: true, content: { 'application/json': { schema: LintBodySchema } } } },
    responses: { 200: jsonAnswer('The findings.', FindingsSchema), ...COMMON_PROBLEMS, ...BODY_PROBLEMS },
  })
  app.openapi(lint, (c) => {
    const findings = policies.lint(c.req.valid('json').document)
    return c.json({ valid: !findings.some(({ severity }) => severity === 'error'), findings }, 200)
  })

  const dryRun = createRoute({
    method: 'post',
    path: '/policy/dry-run',
    operationId: 'dry-run-policy',
    tags: ['Policy'],
    summary: 'What a policy file would change',
    description: 'Role: operator. In address space, and in the decisions that were recorded lately. Changes nothing.',
    middleware: [requireRole(keys, 'operator'), readBody],
    request: { body: { required: true, content: { 'application/json': { schema: DryRunBodySchema } } } },
    responses: { 200: jsonAnswer('The effect.', EffectSchema), ...COMMON_PROBLEMS, ...BODY_PROBLEMS, ...NOT_FOUND },
  })
  app.openapi(dryRun, async (c) => {
    const { document, scope } = c.req.valid('json')
    return c.json(effectToWire(await policies.dryRun(document, scope)), 200)
  })
}
