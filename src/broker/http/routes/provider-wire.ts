import type { z } from '@hono/zod-openapi'
import type { Capabilities } from '../../../adapters/capabilities.ts'
import type { ProviderView } from '../../providers/provider-service.ts'
import { toTime } from '../wire-fields.ts'
import { heldBackToWire } from './advertisement-wire.ts'
import type { ProviderSchema } from './provider-schemas.ts'

type ProviderWire = z.infer<typeof ProviderSchema>

export function providerToWire(view: ProviderView): ProviderWire {
  const { administrative, health } = view
  return {
    provider: view.id,
    adapter: view.adapter,
    capabilities: capabilitiesToWire(view.capabilities),
    administrative: {
      state: administrative.state,
      reason: administrative.reason,
      by: administrative.by,
      since: optionalTime(administrative.since),
      expires_at: optionalTime(administrative.expiresAt),
    },
    health: { state: health.state, since: toTime(health.since), reason: health.reason },
    breaker: breakerToWire(view.breaker),
    advertisement: view.advertisement === undefined ? undefined : advertisementToWire(view.advertisement),
    advertisement_error: view.advertisementError,
    advertisement_held_back:
      view.advertisementHeldBack === undefined ? undefined : heldBackToWire(view.advertisementHeldBack),
    priority: view.priority,
    weight: view.weight,
  }
}

function optionalTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : toTime(ms)
}

function breakerToWire({ lastError, ...counts }: ProviderView['breaker']): ProviderWire['breaker'] {
  return {
    state: counts.state,
    failures: counts.failures,
    successes: counts.successes,
    rejects: counts.rejects,
    last_error:
      lastError === undefined
        ? undefined
        : { kind: lastError.kind, detail: lastError.detail, at: toTime(lastError.at) },
  }
}

function advertisementToWire(held: NonNullable<ProviderView['advertisement']>): ProviderWire['advertisement'] {
  return {
    version: held.version,
    fetched_at: toTime(held.fetchedAt),
    confirmed_at: toTime(held.confirmedAt),
    age_seconds: held.ageSeconds,
    stale: held.stale,
    expired: held.expired,
    capability_types: held.capabilityTypes,
    diagnostics: held.diagnostics,
  }
}

function capabilitiesToWire(capabilities: Capabilities): ProviderWire['capabilities'] {
  return {
    config_at_create: capabilities.configAtCreate,
    update_config: capabilities.updateConfig,
    get: capabilities.get,
    list: capabilities.list,
    delete: capabilities.delete,
    adopt_by_label: capabilities.adoptByLabel,
    idempotent_create: capabilities.idempotentCreate,
    max_upstreams: capabilities.maxUpstreams,
    upstream_schemes: capabilities.upstreamSchemes,
    token_placement: capabilities.tokenPlacement,
    credentials_at_create: capabilities.credentialsAtCreate,
    mint_credential: capabilities.mintCredential,
    revoke_credential: capabilities.revokeCredential,
    credential_limit: capabilities.credentialLimit,
    max_credential_ttl_seconds: capabilities.maxCredentialTtlSeconds,
    revokes_live_sessions: capabilities.revokesLiveSessions,
    moqt_drafts: capabilities.moqtDrafts,
    origin_fallback: capabilities.originFallback,
  }
}
