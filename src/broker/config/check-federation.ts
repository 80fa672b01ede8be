import { contractOf } from '../federation/peer.ts'
import type { FederationConfig } from './federation-schema.ts'

/** The secrets of one peer. */
export interface PeerSecrets {
  /** With which it asks us. */
  readonly token: string
  /** With which we send it updates. */
  readonly notificationToken?: string
}

type Add = (path: readonly PropertyKey[], message: string) => void
type Find = (path: readonly PropertyKey[], reference: string | undefined) => string | undefined

const MIN_TOKEN = 24

/** Checks what a schema cannot, and finds the secrets, by peer id. Issues are added, never thrown. */
export function checkFederation(
  config: FederationConfig | undefined,
  find: Find,
  add: Add,
): ReadonlyMap<string, PeerSecrets> {
  const peers = new Map<string, PeerSecrets>()
  const tokens = new Set<string>()
  for (const [index, peer] of (config?.peers ?? []).entries()) {
    const at = ['federation', 'peers', index]
    if (peers.has(peer.id)) add([...at, 'id'], `"${peer.id}" is used twice`)
    const contract = contractOf(peer)
    for (const { pointer, message } of contract.faults) {
      add([...at, 'contract', 'footprint', ...pathOf(pointer)], message)
    }
    for (const [i, origin] of (peer.notifications?.origins ?? []).entries()) {
      if (new URL(origin).origin !== origin) {
        add([...at, 'notifications', 'origins', i], 'must be an origin such as https://host:port, without a path')
      }
    }
    const token = find([...at, 'token'], peer.token)
    const notificationToken = find([...at, 'notifications', 'token'], peer.notifications?.token)
    if (token === undefined) continue
    if (token.length < MIN_TOKEN) add([...at, 'token'], `must have at least ${MIN_TOKEN} characters`)
    if (tokens.has(token)) add([...at, 'token'], 'another peer has the same token, so they could not be told apart')
    tokens.add(token)
    peers.set(peer.id, { token, ...(notificationToken === undefined ? {} : { notificationToken }) })
  }
  return peers
}

/** `/0/footprint-value` as keys. */
function pathOf(pointer: string): readonly PropertyKey[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => (/^\d+$/.test(token) ? Number(token) : token))
}
