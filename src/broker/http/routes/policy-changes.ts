import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { PolicyChange, PolicyView } from '../../routing/policy-service.ts'
import { type AppEnv, type HttpDeps, principalOf } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { demandedRevision, etagOf } from '../conditional.ts'
import { readJsonBody } from '../request-body.ts'
import { BODY_PROBLEMS, COMMON_PROBLEMS, jsonAnswer, problemAnswer } from '../wire-fields.ts'
import { POLICY_BODY_FACTOR } from './policy.ts'
import { PolicySchema, PutBodySchema, RollbackBodySchema, RolloutBodySchema } from './policy-schemas.ts'
import { policyToWire } from './policy-wire.ts'

type Deps = Pick<HttpDeps, 'policies' | 'keys' | 'limits'>

const HeaderSchema = z.object({
  'if-match': z.string().optional().openapi({ description: 'The `ETag` of the policy that the change is meant for.' }),
})

const RESPONSES = {
  200: jsonAnswer('The policy as it is now.', PolicySchema),
  ...COMMON_PROBLEMS,
  ...BODY_PROBLEMS,
  409: problemAnswer('`invalid-state`: there is nothing to try or to go back to.'),
  412: problemAnswer('`revision-mismatch`: it has changed since.'),
} as const

/** Changes of the policy: at once, step by step, and back. */
export function addPolicyChangeRoutes(app: OpenAPIHono<AppEnv>, { policies, keys, limits }: Deps): void {
  const middleware = [requireRole(keys, 'operator'), readJsonBody({ maxBytes: POLICY_BODY_FACTOR * limits.bodyBytes })]

  async function changeOf(
    c: Context<AppEnv>,
    ifMatch: string | undefined,
    reason: string | undefined,
  ): Promise<PolicyChange> {
    const expected = await demandedRevision(ifMatch, async () => (await policies.show()).version)
    return {
      by: principalOf(c).name,
      ...(reason === undefined ? {} : { reason }),
      ...(expected === undefined ? {} : { expected }),
    }
  }

  function answer(c: Context<AppEnv>, view: PolicyView) {
    c.header('ETag', etagOf(view.version))
    return policyToWire(view)
  }

  const put = createRoute({
    method: 'put',
    path: '/policy',
    operationId: 'put-policy',
    tags: ['Policy'],
    summary: 'Take a policy file for everybody at once',
    description: 'Role: operator. One with errors is refused, with pointers, and the policy in use stays.',
    middleware,
    request: {
      headers: HeaderSchema,
      body: { required: true, content: { 'application/json': { schema: PutBodySchema } } },
    },
    responses: RESPONSES,
  })
  app.openapi(put, async (c) => {
    const { document, reason } = c.req.valid('json')
    const change = await changeOf(c, c.req.valid('header')['if-match'], reason)
    return c.json(answer(c, await policies.put(document, change)), 200)
  })

  const rollout = createRoute({
    method: 'post',
    path: '/policy/rollout',
    operationId: 'roll-out-policy',
    tags: ['Policy'],
    summary: 'Try a policy file with a share of clients',
    description:
      'Role: operator. The share is of client neighbourhoods by hash; a larger share keeps those who are on trial and ' +
      'adds more. 1 makes it the policy.',
    middleware,
    request: {
      headers: HeaderSchema,
      body: { required: true, content: { 'application/json': { schema: RolloutBodySchema } } },
    },
    responses: RESPONSES,
  })
  app.openapi(rollout, async (c) => {
    const { document, share, reason } = c.req.valid('json')
    const change = await changeOf(c, c.req.valid('header')['if-match'], reason)
    const request = document === undefined ? { share } : { document, share }
    return c.json(answer(c, await policies.rollout(request, change)), 200)
  })

  const rollback = createRoute({
    method: 'post',
    path: '/policy/rollback',
    operationId: 'roll-back-policy',
    tags: ['Policy'],
    summary: 'End a trial, or go back to an earlier revision',
    description: 'Role: operator.',
    middleware,
    request: {
      headers: HeaderSchema,
      body: { required: true, content: { 'application/json': { schema: RollbackBodySchema } } },
    },
    responses: RESPONSES,
  })
  app.openapi(rollback, async (c) => {
    const { revision, reason } = c.req.valid('json')
    const change = await changeOf(c, c.req.valid('header')['if-match'], reason)
    return c.json(answer(c, await policies.rollback(revision, change)), 200)
  })
}
