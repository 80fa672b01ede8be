import type { SoaAnswer, StringAnswer } from 'dns-packet'

/** What an operator says of the zone. Names in lower case, without the last dot. */
export interface ZoneSettings {
  readonly name: string
  readonly nameServers: readonly NameServer[]
  readonly soa: StartOfAuthority
  /** Of the zone's own records. */
  readonly ttlSeconds: number
  /** Labels that stand for scopes, besides their ids: what the source is asked for, by label in lower case. */
  readonly scopeNames: ReadonlyMap<string, string>
  /** Whether `_explain` names exist. */
  readonly explain: boolean
}

export interface NameServer {
  readonly host: string
  /** Answered where the host lies in the zone. */
  readonly addresses: readonly string[]
}

export interface StartOfAuthority {
  /** Mailbox as a name. */
  readonly rname: string
  readonly serial: number
  readonly refresh: number
  readonly retry: number
  readonly expire: number
  /** How long a negative answer holds, in seconds (RFC 2308 4). */
  readonly minimum: number
}

/** What a name of the zone stands for. */
export type ZoneName =
  /** Where the clients of a scope go, or those of none in particular. */
  | { readonly kind: 'service'; readonly scope: string | undefined; readonly apex: boolean }
  | { readonly kind: 'explanation'; readonly scope: string | undefined }
  | { readonly kind: 'name_server'; readonly addresses: readonly string[] }
  /** Nothing but names below it: no data, but not absent either (RFC 8020). */
  | { readonly kind: 'empty' }
  | { readonly kind: 'absent' }

export interface Zone {
  readonly settings: ZoneSettings
  /** The name in wire form, with the root label. */
  readonly wire: Uint8Array
  readonly soa: SoaAnswer
  readonly nameServers: readonly StringAnswer[]
  /** Addresses of name servers within the zone. */
  readonly glue: readonly StringAnswer[]
  /** What the name with these labels before the zone's stands for: `''` for the apex, lower case, joined by dots. */
  nameOf(labels: string): ZoneName
}

/** Ids as `createIdSource` makes them: nothing else can be a scope, so nothing else is looked up. */
const SCOPE_ID = /^[0-9a-hjkmnp-tv-z]{20}$/
const EXPLAIN = '_explain'
/** The same as the apex, for those who need a name that may be an alias. */
const ANY_SCOPE = 'any'

/** Throws RangeError for names that DNS cannot carry. */
export function createZone(settings: ZoneSettings): Zone {
  const { name, soa, nameServers, ttlSeconds } = settings
  const suffix = `.${name}`
  const servers: Map<string, readonly string[]> = new Map()
  const empty = new Set<string>()
  for (const { host, addresses } of nameServers) {
    if (!host.endsWith(suffix)) continue
    const labels = host.slice(0, -suffix.length)
    servers.set(labels, addresses)
    for (let dot = labels.indexOf('.'); dot >= 0; dot = labels.indexOf('.', dot + 1)) empty.add(labels.slice(dot + 1))
  }
  const service = (scope: string | undefined, apex: boolean): ZoneName => ({ kind: 'service', scope, apex })
  const scopeOf = (labels: string): string | undefined =>
    SCOPE_ID.test(labels) ? labels : settings.scopeNames.get(labels)
  const apex = service(undefined, true)
  const anyScope = service(undefined, false)

  return {
    settings,
    wire: wireName(name),
    soa: {
      type: 'SOA',
      name,
      ttl: ttlSeconds,
      data: { mname: nameServers[0]?.host ?? name, ...soa },
    },
    nameServers: nameServers.map(({ host }) => ({ type: 'NS', name, ttl: ttlSeconds, data: host })),
    glue: [...servers].flatMap(([labels, addresses]) => addressRecords(`${labels}${suffix}`, addresses, ttlSeconds)),
    nameOf(labels) {
      if (labels === '') return apex
      if (labels === ANY_SCOPE) return anyScope
      const scope = scopeOf(labels)
      if (scope !== undefined) return service(scope, false)
      const addresses = servers.get(labels)
      if (addresses !== undefined) return { kind: 'name_server', addresses }
      if (settings.explain) {
        if (labels === EXPLAIN) return { kind: 'explanation', scope: undefined }
        const explained = labels.startsWith(`${EXPLAIN}.`) ? labels.slice(EXPLAIN.length + 1) : ''
        if (explained === ANY_SCOPE) return { kind: 'explanation', scope: undefined }
        const explainedScope = scopeOf(explained)
        if (explainedScope !== undefined) return { kind: 'explanation', scope: explainedScope }
      }
      return empty.has(labels) ? { kind: 'empty' } : { kind: 'absent' }
    },
  }
}

/** A and AAAA records of one name. */
export function addressRecords(name: string, addresses: readonly string[], ttl: number): readonly StringAnswer[] {
  return addresses.map((data) => ({ type: data.includes(':') ? 'AAAA' : 'A', name, ttl, data }))
}

/** A host name in wire form. Throws RangeError for labels or a name that are too long (RFC 1035 2.3.4). */
export function wireName(name: string): Uint8Array {
  const bytes: number[] = []
  for (const label of name.split('.')) {
    const text = Buffer.from(label, 'latin1')
    if (text.length === 0 || text.length > 63) throw new RangeError(`"${name}" has a label of ${text.length} bytes`)
    bytes.push(text.length, ...text)
  }
  bytes.push(0)
  if (bytes.length > 255) throw new RangeError(`"${name}" is longer than a name may be`)
  return Uint8Array.from(bytes)
}
