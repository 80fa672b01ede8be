import { z } from 'zod'
import { ScopePageAnswer } from './api-answers.ts'
import type { ApiClient } from './api-client.ts'
import { CliFailure } from './cli-failure.ts'
import { EXIT } from './exit-codes.ts'

/** Where a command takes a scope: its id or its name. */
export const ScopeReference = z.string().min(1, 'give the id or the name of a scope').max(128, 'is no id and no name')

/** Form of the broker's ids (`createIdSource`). */
const ID = /^[0-9a-hjkmnp-tv-z]{20}$/

/** The id of the scope that is called so, or that has this id. Throws `CliFailure`. */
export async function resolveScope(api: ApiClient, reference: string): Promise<string> {
  const { value } = await api.get('/moq/scopes', ScopePageAnswer, { name: reference, limit: '20' })
  const living = value.scopes.filter(({ state }) => state !== 'deleting')
  const found = living.length === 0 ? value.scopes : living
  const [only] = found
  if (only === undefined) {
    // Also of a deleted scope there is a history, which only its id leads to.
    if (ID.test(reference)) return reference
    throw new CliFailure(`There is no scope with the id or the name "${reference}"`, {
      exitCode: EXIT.notFound,
      lines: ['See which there are: moq-broker scope list'],
    })
  }
  if (found.length === 1) return only.scope_id
  throw new CliFailure(`${found.length} scopes are called "${reference}"`, {
    exitCode: EXIT.usage,
    lines: ['Name one by its id:', ...found.map((scope) => `- ${scope.scope_id}  ${scope.state}`)],
  })
}

/** The path of a scope, with the id as one segment. */
export function scopePath(id: string, rest = ''): string {
  return `/moq/scopes/${encodeURIComponent(id)}${rest}`
}
