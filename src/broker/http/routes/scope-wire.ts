import type { z } from '@hono/zod-openapi'
import type {
  ConnectUrl,
  OperationView,
  PlacementView,
  ScopeEvent,
  ScopeSecrets,
  ScopeView,
  UpdateScopeRequest,
} from '../../scopes/scope-service.ts'
import { toTime } from '../wire-fields.ts'
import type {
  CreatedScopeSchema,
  CredentialsSchema,
  EventsSchema,
  OperationSchema,
  ScopeSchema,
  UpdateScopeSchema,
} from './scope-schemas.ts'

type ScopeWire = z.infer<typeof ScopeSchema>

export function scopeToWire(view: ScopeView): ScopeWire {
  return {
    scope_id: view.id,
    name: view.name,
    state: view.state,
    primary: view.primary,
    promoting: view.promoting,
    url: view.url,
    config: view.origin === undefined ? undefined : { origin_fallback: { url: view.origin } },
    placements: view.placements.map(placementToWire),
    owner: view.owner,
    operation: view.operation,
    revision: view.revision,
    created_at: toTime(view.createdAt),
    updated_at: toTime(view.updatedAt),
  }
}

/** The draft's answer, or `undefined` while the scope has no primary to connect to. */
export function createdScopeToWire(
  view: ScopeView,
  secrets: ScopeSecrets,
): z.infer<typeof CreatedScopeSchema> | undefined {
  if (view.url === undefined || secrets.token === undefined) return undefined
  return {
    ...scopeToWire(view),
    url: view.url,
    token: secrets.token,
    config: secrets.origin === undefined ? undefined : { origin_fallback: { url: secrets.origin } },
  }
}

function placementToWire(view: PlacementView): ScopeWire['placements'][number] {
  const { error } = view
  return {
    provider: view.provider,
    role: view.role,
    state: view.state,
    scope_id: view.scopeId,
    url: view.url,
    fallback: view.fallback,
    error:
      error === undefined
        ? undefined
        : {
            code: error.code,
            detail: error.detail,
            at: toTime(error.at),
            attempts: error.attempts,
            retry_at: error.retryAt === undefined ? undefined : toTime(error.retryAt),
          },
  }
}

export function operationToWire(view: OperationView): z.infer<typeof OperationSchema> {
  return {
    operation_id: view.id,
    kind: view.kind,
    scope_id: view.scope,
    state: view.state,
    requested_by: view.requestedBy,
    reason: view.reason,
    failover: view.failover,
    steps: view.steps.map((step) => ({
      provider: step.provider,
      action: step.action,
      aim: step.aim,
      state: step.state,
      started_at: toTime(step.startedAt),
      ended_at: step.endedAt === undefined ? undefined : toTime(step.endedAt),
      error: step.error,
    })),
    outcome: view.outcome,
    created_at: toTime(view.createdAt),
    ended_at: view.endedAt === undefined ? undefined : toTime(view.endedAt),
  }
}

export function connectUrlToWire(url: ConnectUrl): z.infer<typeof CredentialsSchema>['credentials'][number] {
  return {
    provider: url.provider,
    role: url.role,
    rights: url.rights,
    connect_url: url.connectUrl,
    expires_at: url.expiresAt,
  }
}

export function eventToWire(event: ScopeEvent): z.infer<typeof EventsSchema>['events'][number] {
  return {
    sequence: event.sequence,
    at: toTime(event.at),
    type: event.type,
    by: event.by,
    operation: event.operation,
    provider: event.provider,
    detail: event.detail,
  }
}

/** RFC 7396: a member that is `null`, or inside one that is, is removed. */
export function updateFromWire(patch: z.infer<typeof UpdateScopeSchema>): UpdateScopeRequest {
  const origin = originFromWire(patch.config)
  return {
    ...(patch.name === undefined ? {} : { name: patch.name }),
    ...(origin === undefined ? {} : { origin }),
    ...(patch.providers === undefined ? {} : { providers: patch.providers }),
  }
}

function originFromWire(config: z.infer<typeof UpdateScopeSchema>['config']): string | null | undefined {
  if (config === null || config?.origin_fallback === null) return null
  return config?.origin_fallback?.url
}
