import { placementOf, placementState, type ScopeRecord } from './scope-record.ts'

/**
 * Whether subscribers can be sent to a scope's placement: it is the primary, or what is published there comes out of
 * it, directly or through other relays that are not down. One that waits to be wired, such as an old primary that has
 * just come back, would take subscribers and give them nothing.
 */
export function servesContent(
  record: ScopeRecord,
  provider: string,
  isDown: (provider: string) => boolean,
  passed: readonly string[] = [],
): boolean {
  const placement = placementOf(record, provider)
  if (placement?.remote === undefined || passed.includes(provider)) return false
  const state = placementState(record, placement)
  if (state !== 'ready' && state !== 'unwired') return false
  // A primary that is down still counts: its secondaries are about to be pointed at another.
  if (provider === record.primary) return true
  if (passed.length > 0 && isDown(provider)) return false
  const { wiring } = placement.remote
  switch (wiring.to) {
    case 'nothing':
      return false
    case 'origin':
      return true
    case 'unknown':
      // A change at work is about to set it; without one, nothing is known until the next repair.
      return record.operation !== undefined
    case 'provider':
      return (
        placementOf(record, wiring.provider)?.remote?.scopeId === wiring.scopeId &&
        servesContent(record, wiring.provider, isDown, [...passed, provider])
      )
  }
}
