import { timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

/** What a steering server has to remember of a player, and hands to the player to keep. */
export interface SteeringState {
  /** Keeps the player on one provider among equals. */
  readonly session: string
  /** The pathway that the player was told to use first. */
  readonly first: string
  /** Pathways that the player turned away from, and until when they stand last; milliseconds since the epoch. */
  readonly penalties: Readonly<Record<string, number>>
}

/** A keyed digest of a text, as text; nobody else can make it. */
export type Sign = (text: string) => string

const MAX_TOKEN_LENGTH = 2_048
const MAX_PENALTIES = 16

const WireSchema = z.object({
  v: z.literal(1),
  /** The scope that it was made for. */
  c: z.string(),
  s: z.string().max(256),
  f: z.string().max(128),
  p: z.record(z.string().max(128), z.number()),
  /** Void from then on, milliseconds since the epoch. */
  x: z.number(),
})

/** An opaque text that only `openState` with the same key and scope reads. */
export function sealState(
  state: SteeringState,
  { scope, expiresAt, sign }: { readonly scope: string; readonly expiresAt: number; readonly sign: Sign },
): string {
  const { session, first, penalties } = state
  const wire: z.infer<typeof WireSchema> = { v: 1, c: scope, s: session, f: first, p: penalties, x: expiresAt }
  const payload = Buffer.from(JSON.stringify(wire)).toString('base64url')
  return `${payload}.${sign(payload)}`
}

/** The state in a token; `undefined` for any other text, for another scope's, and for one that has run out. */
export function openState(
  token: string,
  { scope, now, sign }: { readonly scope: string; readonly now: number; readonly sign: Sign },
): SteeringState | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined
  const dot = token.indexOf('.')
  const payload = token.slice(0, Math.max(0, dot))
  if (dot === -1 || !isSame(token.slice(dot + 1), sign(payload))) return undefined
  const parsed: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  const wire = WireSchema.safeParse(parsed)
  if (!wire.success || wire.data.c !== scope || wire.data.x <= now) return undefined
  const { s, f, p } = wire.data
  return { session: s, first: f, penalties: p }
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/**
 * The penalties of a player that reports what it has used since. A player that was told to use a pathway first and does
 * not use it has found it failing: players say it in no other way.
 */
export function penaltiesAfter(
  state: SteeringState,
  used: readonly string[],
  { now, penaltyMs }: { readonly now: number; readonly penaltyMs: number },
): Readonly<Record<string, number>> {
  const kept = Object.entries(state.penalties).filter(([pathway, until]) => until > now && !used.includes(pathway))
  const isLeft = used.length > 0 && !used.includes(state.first)
  const entries = isLeft ? [...kept, [state.first, now + penaltyMs] as const] : kept
  return Object.fromEntries(entries.slice(-MAX_PENALTIES))
}
