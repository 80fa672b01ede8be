import type { BrokerClient, ScopeBody } from './broker-client.ts'
import { CDN_NAMES, type CdnName, type LabProcesses } from './lab-processes.ts'

/** The CDN that offers creation and nothing else, so that orphans there cannot be helped. */
const FORGETFUL: CdnName = 'cdn-c'
const ABANDONED = /abandoned: scope (\S+) /

/** What the broker's records say of one CDN. */
interface Books {
  /** Scopes that belong to a placement. */
  readonly placed: ReadonlySet<string>
  /** Scopes that the broker knows of and cannot delete. */
  readonly abandoned: ReadonlySet<string>
  /** How many scopes may be there that it cannot find. */
  readonly suspected: number
}

/**
 * Compares what is at the CDNs with what the broker says, over all scopes that it ever had. Returns every difference in
 * words: a scope that nobody names, one that is named and not there, and a relay that pulls from where it must not.
 */
export async function differencesFromBooks(
  client: BrokerClient,
  lab: LabProcesses,
  everyScope: readonly string[],
): Promise<readonly string[]> {
  const scopes = await client.scopes()
  const differences: string[] = []
  for (const cdn of CDN_NAMES) {
    const state = await lab.state(cdn)
    const books = await booksOf(client, cdn, scopes, everyScope)
    if (cdn !== FORGETFUL && books.suspected + books.abandoned.size > 0) {
      differences.push(`${cdn}: orphans, although it finds and deletes scopes`)
    }
    const there = new Set(state.scopes.map(({ id }) => id))
    for (const id of books.placed) if (!there.has(id)) differences.push(`${cdn}: ${id} is recorded and not there`)
    const unnamed = [...there].filter((id) => !books.placed.has(id) && !books.abandoned.has(id))
    if (unnamed.length > books.suspected) {
      differences.push(`${cdn}: ${unnamed.length} scopes that nobody names, and ${books.suspected} suspected orphans`)
    }
    for (const { id, upstreams } of state.scopes) {
      if (!books.placed.has(id)) continue
      const expected = expectedUpstreams(lab, cdn, id, scopes)
      if (JSON.stringify(upstreams) !== JSON.stringify(expected)) {
        differences.push(`${cdn}: ${id} pulls from [${upstreams.join()}] instead of [${expected.join()}]`)
      }
    }
  }
  return differences
}

async function booksOf(
  client: BrokerClient,
  cdn: CdnName,
  scopes: readonly ScopeBody[],
  everyScope: readonly string[],
): Promise<Books> {
  const placed = scopes.flatMap(({ placements }) =>
    placements.flatMap((one) => (one.provider === cdn && one.scope_id !== undefined ? [one.scope_id] : [])),
  )
  const histories = await Promise.all(
    [...new Set([...everyScope, ...scopes.map(({ scope_id }) => scope_id)])].map((id) => client.events(id)),
  )
  const orphans = histories.flat().filter((event) => event.type === 'orphan.listed' && event.provider === cdn)
  const abandoned = orphans.flatMap(({ detail }) => ABANDONED.exec(detail)?.[1] ?? [])
  return {
    placed: new Set(placed),
    abandoned: new Set(abandoned),
    suspected: orphans.filter(({ detail }) => detail.startsWith('suspected')).length,
  }
}

/** A primary pulls from nobody, everybody else from its relay. */
function expectedUpstreams(lab: LabProcesses, cdn: CdnName, id: string, scopes: readonly ScopeBody[]): string[] {
  const scope = scopes.find(({ placements }) => placements.some((one) => one.provider === cdn && one.scope_id === id))
  const primary = CDN_NAMES.find((name) => name === scope?.primary)
  return primary === undefined || primary === cdn ? [] : [new URL(lab.cdn(primary).relayUrl).host]
}
