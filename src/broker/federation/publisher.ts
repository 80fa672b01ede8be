import { setImmediate } from 'node:timers/promises'
import type { Advertisement } from '../../fci/advertisement.ts'
import type { CompositionRequest, Contributor } from '../../federation/compose-advertisement.ts'
import { composeAdvertisement, composeInSteps } from '../../federation/compose-advertisement.ts'
import type { Gateway, PeerContract } from '../../federation/peer-contract.ts'
import type { ProviderFacts } from '../../routing/decision.ts'
import type { Log } from '../log.ts'
import type { AdvertisementPrinter } from './advertisement-printer.ts'
import { type Edition, EditionHistory, editionOf, printEdition } from './edition.ts'
import { type Audience, audienceName, contractFor } from './peer.ts'

/** What each audience is told, kept ready: nothing is composed while somebody waits. */
export interface Publisher {
  current(audience: Audience): Edition
  /** The former or the current edition of this version; undefined if it is not known. */
  find(audience: Audience, version: string): Edition | undefined
  /** Called after the audience is told something else. Returns the end of it. */
  onChange(audience: Audience, listener: () => void): () => void
  /** Looks whether anything has changed below, and publishes what has been quiet for long enough. */
  refresh(): Promise<void>
}

export interface PublisherDeps {
  readonly gateway: Gateway
  readonly audiences: readonly Audience[]
  /** What is known of the providers at this moment. */
  readonly facts: () => readonly ProviderFacts[]
  /** CDN Provider IDs of those providers that are gateways, by provider id. */
  readonly providerPids: ReadonlyMap<string, string>
  /** What a provider advertises without what refers to resource footprints; undefined if nothing does. */
  readonly withoutResources?: (provider: string) => Advertisement | undefined
  /** A contract with its references to our own named footprints resolved. */
  readonly resolve?: (contract: PeerContract) => PeerContract
  /** Changes whenever `resolve` may give something else. */
  readonly resolvesBy?: () => string
  readonly printer: Pick<AdvertisementPrinter, 'print'>
  /** A keyed digest. */
  readonly nameOf: (text: string) => string
  readonly quietMs: number
  /** Former editions kept for each audience. */
  readonly history: number
  readonly now: () => number
  readonly log: Log
  /** For metrics. */
  readonly observe?: (audience: string, edition: Edition) => void
}

/** While things go on changing, something is published at least after so many quiet times. */
const MAX_QUIET_TIMES = 5
const MAX_HISTORY_LENGTH = 16 * 1024 * 1024

interface Shelf {
  readonly audience: Audience
  readonly history: EditionHistory
  readonly listeners: Set<() => void>
  edition: Edition
}

/** Composes for every audience at once, so that there is something to tell from the first request on. */
export function createPublisher(deps: PublisherDeps): Publisher {
  const { now, log, resolve = (contract) => contract } = deps
  const signature = (): string => `${deps.resolvesBy?.() ?? ''} ${signatureOf(deps.facts())}`
  let published = signature()
  let seen = published
  let changedAt: number | undefined
  let seenAt = 0

  const requestFor = (audience: Audience): CompositionRequest => {
    const contributors = deps.facts().map((facts): Contributor => {
      const pid = deps.providerPids.get(facts.id)
      const withoutResources = deps.withoutResources?.(facts.id)
      return {
        facts,
        ...(pid === undefined ? {} : { pid }),
        ...(withoutResources === undefined ? {} : { withoutResources }),
      }
    })
    const receiver = audience.kind === 'peer' ? audience.peer.pid : undefined
    return {
      contributors,
      gateway: deps.gateway,
      contract: resolve(contractFor(audience)),
      nameOf: deps.nameOf,
      ...(receiver === undefined ? {} : { receiver }),
    }
  }

  /** A large advertisement for many peers must not hold up the look-ups. */
  const composeAside = async (audience: Audience): Promise<Edition> => {
    const steps = composeInSteps(requestFor(audience))
    for (;;) {
      const step = steps.next()
      await setImmediate()
      if (step.done === true) {
        const { advertisement, withheld } = step.value
        return editionOf(await deps.printer.print(advertisement), now(), withheld)
      }
    }
  }

  const shelves = new Map(
    deps.audiences.map((audience): [string, Shelf] => {
      const history = new EditionHistory(deps.history, MAX_HISTORY_LENGTH)
      const { advertisement, withheld } = composeAdvertisement(requestFor(audience))
      const edition = editionOf(printEdition(advertisement), now(), withheld)
      deps.observe?.(audienceName(audience), edition)
      return [audienceName(audience), { audience, history, listeners: new Set(), edition }]
    }),
  )
  const shelfOf = (audience: Audience): Shelf => {
    const shelf = shelves.get(audienceName(audience))
    if (shelf === undefined) throw new Error(`nothing is composed for ${audienceName(audience)}`)
    return shelf
  }

  async function publish(shelf: Shelf): Promise<void> {
    const edition = await composeAside(shelf.audience)
    if (edition.version === shelf.edition.version) {
      shelf.edition = editionOf(edition, shelf.edition.publishedAt, edition.withheld)
      return
    }
    shelf.history.add(shelf.edition)
    shelf.edition = edition
    deps.observe?.(audienceName(shelf.audience), edition)
    log('advertisement.published', {
      audience: audienceName(shelf.audience),
      version: edition.version,
      capabilities: edition.capabilities,
      withheld: edition.withheld.length,
    })
    for (const listener of shelf.listeners) listener()
  }

  return {
    current: (audience) => shelfOf(audience).edition,
    find(audience, version) {
      const { edition, history } = shelfOf(audience)
      return version === edition.version ? edition : history.find(version)
    },
    onChange(audience, listener) {
      const { listeners } = shelfOf(audience)
      // The same function twice is two listeners.
      const own = (): void => listener()
      listeners.add(own)
      return () => listeners.delete(own)
    },
    async refresh() {
      const at = now()
      const present = signature()
      if (present !== seen) {
        seen = present
        seenAt = at
        changedAt ??= at
      }
      if (changedAt === undefined) return
      const isQuiet = at - seenAt >= deps.quietMs
      if (!isQuiet && at - changedAt < deps.quietMs * MAX_QUIET_TIMES) return
      changedAt = undefined
      // What came and went again within the quiet time is no news.
      if (seen === published) return
      published = seen
      for (const shelf of shelves.values()) await publish(shelf)
    },
  }
}

/** Equal as long as nothing has changed that could be told. */
function signatureOf(facts: readonly ProviderFacts[]): string {
  return JSON.stringify(
    facts.map(({ id, administrative, health, drilled, advertisement }) => [
      id,
      administrative.state,
      health.state === 'down',
      drilled !== undefined,
      advertisement?.version,
      advertisement?.expired,
    ]),
  )
}
