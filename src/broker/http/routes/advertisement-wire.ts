import type { z } from '@hono/zod-openapi'
import type { AdvertisementChange } from '../../advertisements/advertisement-records.ts'
import type { AdvertisementView, HeldBackView } from '../../advertisements/advertisement-service.ts'
import { toTime } from '../wire-fields.ts'
import type { AdvertisementHistorySchema, AdvertisementSchema } from './advertisement-schemas.ts'
import type { HeldBackSchema } from './provider-schemas.ts'

/** Everything but the advertisement itself. */
export function viewToWire(
  view: Omit<AdvertisementView, 'advertisement'>,
  now: number,
): Omit<z.infer<typeof AdvertisementSchema>, 'advertisement'> {
  return {
    provider: view.provider,
    profile: view.profile,
    version: view.version,
    fetched_at: toTime(view.fetchedAt),
    confirmed_at: toTime(view.confirmedAt),
    age_seconds: Math.max(0, Math.round((now - view.confirmedAt) / 1000)),
    stale: view.stale,
    expired: view.expired,
    stale_after_seconds: view.staleAfterSeconds,
    expire_after_seconds: view.expireAfterSeconds,
    following: view.following,
    error: view.error,
    held_back: view.heldBack === undefined ? undefined : heldBackToWire(view.heldBack),
    diagnostics: view.diagnostics,
    unresolved: view.unresolved,
    footprint_error: view.footprintError,
  }
}

export function heldBackToWire(view: HeldBackView): z.infer<typeof HeldBackSchema> {
  return {
    version: view.version,
    since: toTime(view.since),
    last_seen_at: toTime(view.lastSeenAt),
    lost_share: view.lostShare,
    because: view.because,
    accepted_at: toTime(view.acceptedAt),
  }
}

export function historyToWire(changes: readonly AdvertisementChange[]): z.infer<typeof AdvertisementHistorySchema> {
  return {
    changes: changes.map((change) => ({
      at: toTime(change.at),
      kind: change.kind,
      version: change.version,
      previous_version: change.previousVersion,
      via: change.via,
      by: change.by,
      lost_share: change.lostShare,
      because: change.because,
      differences: change.differences,
    })),
  }
}
