import { z } from 'zod'

/** Where a placement's relay pulls what it does not have. */
export const WiringSchema = z.discriminatedUnion('to', [
  z.object({ to: z.literal('nothing') }),
  /** The origin that the client gave in `config.origin_fallback.url`; its URL lies in the vault under `ref`. */
  z.object({ to: z.literal('origin'), ref: z.string() }),
  /** Another placement, through one of its credentials. */
  z.object({ to: z.literal('provider'), provider: z.string(), scopeId: z.string(), credential: z.string() }),
  /** A change was sent and its answer lost: nothing may be assumed until it is set anew. */
  z.object({ to: z.literal('unknown') }),
])
export type Wiring = z.infer<typeof WiringSchema>

/** A credential's description; its secret lies encrypted in the vault under the same id. */
export const CredentialRefSchema = z.object({
  id: z.string(),
  rights: z.array(z.enum(['publish', 'subscribe'])).readonly(),
  remoteId: z.string().optional(),
  expiresAt: z.string().optional(),
  /** Where `meta` tells whose token this is. */
  index: z.string(),
})
export type CredentialRef = z.infer<typeof CredentialRefSchema>

/** A scope that really exists at a provider. */
export const RemoteSchema = z.object({
  scopeId: z.string(),
  url: z.string(),
  label: z.string(),
  credentials: z.array(CredentialRefSchema).readonly(),
  wiring: WiringSchema,
  createdAt: z.number(),
})
export type Remote = z.infer<typeof RemoteSchema>

export const PlacementErrorSchema = z.object({
  code: z.string(),
  detail: z.string(),
  at: z.number(),
  attempts: z.number(),
  /** Milliseconds since the epoch; absent: nobody will retry until something changes. */
  retryAt: z.number().optional(),
})
export type PlacementError = z.infer<typeof PlacementErrorSchema>

export const PlacementSchema = z.object({
  provider: z.string(),
  /** Absent: there is none, as far as we know. */
  remote: RemoteSchema.optional(),
  /** A creation was sent under this label and its answer lost: a scope may exist there. */
  unresolved: z.object({ label: z.string(), since: z.number(), wiring: WiringSchema }).optional(),
  /** Scopes that were replaced and still have to be deleted. */
  retired: z
    .array(
      z.object({
        scopeId: z.string(),
        label: z.string(),
        since: z.number(),
        credentials: z.array(CredentialRefSchema).readonly(),
      }),
    )
    .readonly(),
  error: PlacementErrorSchema.optional(),
})
export type Placement = z.infer<typeof PlacementSchema>

/** One broker scope: what is wanted (`primary`, `providers`, `origin`) and what there is (`placements`). */
export const ScopeRecordSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z.string().optional(),
  /** Id of the API key that made it. */
  owner: z.string(),
  /** `config.origin_fallback.url`: what the primary itself falls back to. It may hold a token, so it lies in the vault. */
  origin: z.object({ ref: z.string(), shown: z.string() }).optional(),
  primary: z.string(),
  /** The client asked for exactly this primary: no other takes its place at creation. */
  primaryPinned: z.boolean(),
  /** A failover prepares this provider: its fallback is cleared before anybody points at it. */
  promoting: z.string().optional(),
  /** Wanted providers, in the order of preference. */
  providers: z.array(z.string()).readonly(),
  placements: z.array(PlacementSchema).readonly(),
  deleting: z.boolean(),
  /** The operation that may change this record. */
  operation: z.string().optional(),
  createdAt: z.number(),
  updatedAt: z.number(),
})
export type ScopeRecord = z.infer<typeof ScopeRecordSchema>

/** - `provisioning`: an operation is at work and no primary stands yet.
 *  - `ready`: everything wanted is there and wired.
 *  - `degraded`: the primary stands; something else is missing, and is being repaired.
 *  - `failed`: no primary. */
export type ScopeState = 'provisioning' | 'ready' | 'degraded' | 'failed' | 'deleting'

/** - `pending`: not there yet, being made.
 *  - `ready`: there and wired as wanted.
 *  - `unwired`: there, its fallback not as wanted.
 *  - `failed`: not there, the last attempt failed.
 *  - `leaving`: there, no longer wanted. */
export type PlacementState = 'pending' | 'ready' | 'unwired' | 'failed' | 'leaving'

export function placementOf(record: ScopeRecord, provider: string): Placement | undefined {
  return record.placements.find((placement) => placement.provider === provider)
}

/** The same record with one placement replaced or added. */
export function withPlacement(record: ScopeRecord, placement: Placement): ScopeRecord {
  const known = record.placements.some((other) => other.provider === placement.provider)
  return {
    ...record,
    placements: known
      ? record.placements.map((other) => (other.provider === placement.provider ? placement : other))
      : [...record.placements, placement],
  }
}

/** The credential that a relay elsewhere should use to pull from this one: the one with the fewest rights. */
export function pullCredential(remote: Remote): CredentialRef | undefined {
  const readable = remote.credentials.filter((credential) => credential.rights.includes('subscribe'))
  return readable.find((credential) => !credential.rights.includes('publish')) ?? readable[0]
}

/** The credential that the draft's `token` member carries: the one with the most rights. */
export function fullCredential(remote: Remote): CredentialRef | undefined {
  return remote.credentials.find((credential) => credential.rights.includes('publish')) ?? remote.credentials[0]
}

/** The wiring that a placement should have, or `undefined` while that cannot be said (the primary is not there yet). */
export function wantedWiring(record: ScopeRecord, provider: string): Wiring | undefined {
  if (provider === record.primary || provider === record.promoting) {
    return record.origin === undefined ? { to: 'nothing' } : { to: 'origin', ref: record.origin.ref }
  }
  const primary = placementOf(record, record.primary)?.remote
  if (primary === undefined) return undefined
  const credential = pullCredential(primary)
  if (credential === undefined) return undefined
  return { to: 'provider', provider: record.primary, scopeId: primary.scopeId, credential: credential.id }
}

export function sameWiring(a: Wiring, b: Wiring): boolean {
  switch (a.to) {
    case 'nothing':
      return b.to === 'nothing'
    case 'origin':
      return b.to === 'origin' && a.ref === b.ref
    case 'provider':
      return (
        b.to === 'provider' && a.provider === b.provider && a.scopeId === b.scopeId && a.credential === b.credential
      )
    case 'unknown':
      return false
  }
}

export function placementState(record: ScopeRecord, placement: Placement): PlacementState {
  if (record.deleting || !record.providers.includes(placement.provider)) return 'leaving'
  if (placement.remote === undefined) return placement.error === undefined ? 'pending' : 'failed'
  const wanted = wantedWiring(record, placement.provider)
  return wanted !== undefined && sameWiring(wanted, placement.remote.wiring) ? 'ready' : 'unwired'
}

export function scopeState(record: ScopeRecord): ScopeState {
  if (record.deleting) return 'deleting'
  const primary = placementOf(record, record.primary)
  if (primary?.remote === undefined) return record.operation === undefined ? 'failed' : 'provisioning'
  const settled = record.providers.every((provider) => {
    const placement = placementOf(record, provider)
    return (
      placement !== undefined && placementState(record, placement) === 'ready' && placement.unresolved === undefined
    )
  })
  const tidy = record.placements.every(
    (placement) => record.providers.includes(placement.provider) && placement.retired.length === 0,
  )
  if (settled && tidy) return 'ready'
  const faulty = record.placements.some((placement) => placement.error !== undefined)
  return record.operation === undefined || faulty ? 'degraded' : 'provisioning'
}
