import type { Context } from 'hono'
import type { AcceptedChange, ChangeContext, OperationView, ScopeService } from '../scopes/scope-service.ts'
import { type AppEnv, principalOf } from './app-env.ts'
import { demandedRevision } from './conditional.ts'
import { settledWithin } from './deadline.ts'
import { problemOfFailedOperation } from './error-problem.ts'
import { fingerprintOf, parseIdempotencyKey } from './idempotency.ts'
import { parsePreferences } from './preferences.ts'
import { ProblemError } from './problem.ts'

const REPLAYED = 'Idempotent-Replayed'

/** Who asks for a change, and under which conditions, as the header fields say. `body` is JSON text or empty. */
export async function changeContextOf(
  context: Context<AppEnv>,
  body: string,
  presentRevision: () => Promise<number | undefined>,
): Promise<ChangeContext> {
  const { req } = context
  const key = req.header('idempotency-key')
  const ifRevision = await demandedRevision(req.header('if-match'), presentRevision)
  return {
    by: principalOf(context).id,
    ...(key === undefined
      ? {}
      : {
          idempotency: {
            key: parseIdempotencyKey(key),
            fingerprint: fingerprintOf({ method: req.method, path: req.path, body }),
          },
        }),
    ...(ifRevision === undefined ? {} : { ifRevision }),
  }
}

/** - `now`: the change has ended well enough, so the answer is the thing itself.
 *  - `later`: the answer is 202 and the operation. */
export interface FollowedChange {
  readonly answer: 'now' | 'later'
  readonly operation: OperationView
}

/**
 * Waits for an accepted change as long as the client (RFC 7240) and `waitMs` allow, and sets the header fields that
 * belong to the answer. Throws the problem of a change that failed.
 */
export async function followChange(
  context: Context<AppEnv>,
  deps: { readonly scopes: ScopeService; readonly waitMs: number },
  accepted: AcceptedChange,
): Promise<FollowedChange> {
  if (accepted.replayed) context.header(REPLAYED, 'true')
  const preferences = parsePreferences(context.req.header('prefer'))
  const patienceMs = Math.min(deps.waitMs, preferences.waitMs ?? (preferences.respondAsync ? 0 : deps.waitMs))
  const ended = patienceMs === 0 ? undefined : await settledWithin(accepted.ended, patienceMs)
  if (ended?.state === 'failed') {
    const problem = problemOfFailedOperation(ended)
    throw new ProblemError(accepted.replayed ? { ...problem, headers: { [REPLAYED]: 'true' } } : problem)
  }
  if (ended !== undefined) return { answer: 'now', operation: ended }
  const operation = await deps.scopes.operation(accepted.operation)
  if (operation === undefined) throw new Error('an accepted operation cannot be read')
  answerLater(context, operation)
  if (preferences.respondAsync) context.header('Preference-Applied', 'respond-async')
  return { answer: 'later', operation }
}

/** Header fields of a 202. */
export function answerLater(context: Context<AppEnv>, operation: OperationView): void {
  context.header('Location', `/operations/${operation.id}`)
  context.header('Retry-After', '1')
}
