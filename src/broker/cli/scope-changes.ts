import { z } from 'zod'
import { CreatedScopeAnswer, OperationAnswer, ScopeAnswer } from './api-answers.ts'
import { type ApiAnswer, decodeAnswer } from './api-client.ts'
import type { ClientRun } from './client-command.ts'
import { followOperation } from './follow-operation.ts'
import { operationText } from './operation-text.ts'
import { printable } from './printable-text.ts'
import { resolveScope, ScopeReference, scopePath } from './scope-reference.ts'
import { scopeText } from './scope-text.ts'

const HEADER_VALUE = /^[\x21-\x7e]{1,255}$/
const ProviderName = z.string().min(1, 'name a provider')

/** A change that a client may send twice, and may choose not to wait for. */
const ChangeInput = z.object({
  async: z.boolean().default(false),
  idempotencyKey: z.string().regex(HEADER_VALUE, 'must be 1 to 255 visible ASCII characters').optional(),
})

export const CreateScopeInput = z.object({
  ...ChangeInput.shape,
  name: z.string().optional(),
  primary: ProviderName.optional(),
  provider: z
    .string()
    .transform((list) => list.split(',').map((one) => one.trim()))
    .pipe(z.array(ProviderName))
    .optional(),
  origin: z.string().optional(),
})

export async function createScope(input: z.infer<typeof CreateScopeInput>, run: ClientRun): Promise<undefined> {
  const answer = await run.api.send({
    method: 'POST',
    path: '/moq/scopes',
    headers: changeHeaders(input),
    body: {
      name: input.name,
      primary: input.primary,
      providers: input.provider,
      ...(input.origin === undefined ? {} : { config: { origin_fallback: { url: input.origin } } }),
    },
  })
  if (answer.status !== 202) {
    const scope = decodeAnswer(CreatedScopeAnswer, answer.body)
    run.show(answer.body, () => {
      const url = printable(`${scope.url}/${scope.token}`)
      return `${scopeText(scope, run.out, run.now())}\nPublish and subscribe (this URL holds a token):\n  ${url}\n`
    })
    return
  }
  if (input.async) return showAccepted(answer, run)
  await showScope((await followOperation(answer, run)).scope_id, run)
}

export const FailoverInput = z.object({
  ...ChangeInput.shape,
  scope: ScopeReference,
  to: ProviderName.optional(),
  reason: z.string().default('by hand'),
})

export async function failOver(input: z.infer<typeof FailoverInput>, run: ClientRun): Promise<undefined> {
  const id = await resolveScope(run.api, input.scope)
  const answer = await run.api.send({
    method: 'POST',
    path: scopePath(id, '/failover'),
    headers: changeHeaders(input),
    body: { to: input.to, reason: input.reason },
  })
  if (answer.status !== 202) {
    const scope = decodeAnswer(ScopeAnswer, answer.body)
    run.show(answer.body, () => scopeText(scope, run.out, run.now()))
    return
  }
  if (input.async) return showAccepted(answer, run)
  await followOperation(answer, run)
  await showScope(id, run)
}

export const DeleteScopeInput = z.object({ ...ChangeInput.shape, scope: ScopeReference })

export async function deleteScope(input: z.infer<typeof DeleteScopeInput>, run: ClientRun): Promise<undefined> {
  const id = await resolveScope(run.api, input.scope)
  const answer = await run.api.send({ method: 'DELETE', path: scopePath(id), headers: changeHeaders(input) })
  if (answer.status === 202) {
    if (input.async) return showAccepted(answer, run)
    const operation = await followOperation(answer, run)
    if (operation.state !== 'succeeded') return showAccepted({ ...answer, body: operation }, run)
  }
  run.show({ scope_id: id, deleted: true }, () => `Scope ${printable(input.scope)} is deleted at every CDN.\n`)
}

function changeHeaders(input: z.infer<typeof ChangeInput>): Readonly<Record<string, string>> {
  return {
    ...(input.async ? { prefer: 'respond-async' } : {}),
    ...(input.idempotencyKey === undefined ? {} : { 'idempotency-key': input.idempotencyKey }),
  }
}

function showAccepted(answer: ApiAnswer, run: ClientRun): undefined {
  const operation = decodeAnswer(OperationAnswer, answer.body)
  const follow = `\nIt goes on. Look again: moq-broker operation show ${printable(operation.operation_id)}\n`
  run.show(answer.body, () => operationText(operation, run.out, run.now()) + follow)
}

async function showScope(id: string, run: ClientRun): Promise<void> {
  const { raw, value } = await run.api.get(scopePath(id), ScopeAnswer)
  run.show(raw, () => scopeText(value, run.out, run.now()))
}
