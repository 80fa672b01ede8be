import { HTTPException } from 'hono/http-exception'
import { BrokerError, type BrokerErrorCode } from '../broker-error.ts'
import type { OperationView } from '../scopes/scope-service.ts'
import { StoreError, type StoreErrorCode } from '../store/store.ts'
import { type ProblemDetail, ProblemError, type ProblemKind } from './problem.ts'

const DEFAULT_RETRY_SECONDS = 2

/** The problem that an error amounts to, or `undefined` for one that nobody expected. */
export function problemOf(error: unknown): ProblemDetail | undefined {
  if (error instanceof ProblemError) return error.problem
  if (error instanceof BrokerError) return problemOfBrokerError(error)
  if (error instanceof StoreError) return problemOfStoreError(error.code)
  if (error instanceof HTTPException) return problemOfHttpException(error.status)
  return undefined
}

function problemOfBrokerError(error: BrokerError): ProblemDetail {
  const { faults, retryAfterSeconds, providers, operation, scope } = error.info
  const kind = kindOf(error.code)
  const retry = retryAfterSeconds ?? (isPassing(error.code) ? DEFAULT_RETRY_SECONDS : undefined)
  return {
    kind,
    detail: error.message,
    ...(faults === undefined ? {} : { errors: faults }),
    ...(retry === undefined ? {} : { retryAfterSeconds: retry }),
    members: {
      ...(providers === undefined ? {} : { providers }),
      ...(operation === undefined ? {} : { operation }),
      ...(scope === undefined ? {} : { scope }),
    },
  }
}

function kindOf(code: BrokerErrorCode): ProblemKind {
  switch (code) {
    case 'invalid_request':
      return 'invalid-request'
    case 'not_found':
      return 'not-found'
    case 'revision_mismatch':
      return 'revision-mismatch'
    case 'operation_in_progress':
      return 'operation-in-progress'
    case 'invalid_state':
      return 'invalid-state'
    case 'provisioning_failed':
      return 'provisioning-failed'
    case 'idempotency_mismatch':
      return 'idempotency-mismatch'
    case 'idempotency_in_progress':
      return 'idempotency-in-progress'
    case 'store_unavailable':
      return 'store-unavailable'
    case 'shutting_down':
      return 'shutting-down'
  }
}

/** Whether waiting helps. */
function isPassing(code: BrokerErrorCode): boolean {
  switch (code) {
    case 'operation_in_progress':
    case 'idempotency_in_progress':
    case 'store_unavailable':
    case 'shutting_down':
      return true
    case 'invalid_request':
    case 'not_found':
    case 'revision_mismatch':
    case 'invalid_state':
    case 'provisioning_failed':
    case 'idempotency_mismatch':
      return false
  }
}

function problemOfStoreError(code: StoreErrorCode): ProblemDetail {
  switch (code) {
    case 'conflict':
      return {
        kind: 'operation-in-progress',
        detail: 'Somebody else changed the same thing at the same time, so nothing was written. Try again.',
        retryAfterSeconds: 1,
      }
    case 'full':
      return {
        kind: 'store-unavailable',
        detail: 'The store has no space left, so nothing was written. Free space where the broker keeps its data.',
        retryAfterSeconds: 30,
      }
    case 'unavailable':
    case 'fenced':
    case 'locked':
    case 'corrupt':
      return {
        kind: 'store-unavailable',
        detail: 'The store does not answer as it should, so nothing can be read or changed now. Try again later.',
        retryAfterSeconds: DEFAULT_RETRY_SECONDS,
      }
  }
}

/** `@hono/zod-openapi` throws these for bodies that it cannot read. */
function problemOfHttpException(status: number): ProblemDetail | undefined {
  if (status === 400) return { kind: 'malformed-json', detail: 'The body cannot be read as JSON.' }
  if (status === 415) return { kind: 'unsupported-media-type', detail: 'Send the body as application/json.' }
  return undefined
}

/** Why an ended operation that did not succeed is refused: 409 when no provider is to blame, 502 otherwise. */
export function problemOfFailedOperation(operation: OperationView): ProblemDetail {
  const failures = new Map<string, { readonly provider: string; readonly code: string; readonly detail: string }>()
  for (const step of operation.steps) {
    if (step.error !== undefined) failures.set(step.provider, { provider: step.provider, ...step.error })
  }
  const members = {
    operation: operation.id,
    scope: operation.scope,
    ...(failures.size === 0 ? {} : { providers: [...failures.values()] }),
  }
  const detail = operation.outcome?.detail ?? `The ${operation.kind} failed; see operation ${operation.id}.`
  if (operation.kind === 'create') return { kind: 'provisioning-failed', detail, members }
  return { kind: failures.size === 0 ? 'invalid-state' : 'operation-failed', detail, members }
}
