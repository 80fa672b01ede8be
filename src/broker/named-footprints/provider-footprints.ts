import { z } from 'zod'
import type { Advertisement, Diagnostic } from '../../fci/advertisement.ts'
import { versionOf } from '../../fci/advertisement-version.ts'
import type { NamedRegistry } from '../../fci/named/named-registry.ts'
import { resolveNamed, type Unresolved } from '../../fci/named/resolve-named.ts'
import { withoutReferencesTo } from '../../federation/resource-footprints.ts'
import type { AdvertisementInUse, HeldBackAdvertisement } from '../advertisements/advertisement-intake.ts'
import { baseRequest, type LoadDeps } from '../advertisements/advertisement-load.ts'
import type { FciConfig } from '../config/fci-schema.ts'
import { decodeRecord, putRecord } from '../scopes/scope-store.ts'
import type { Store } from '../store/store.ts'
import { NamedFootprintCache } from './named-footprint-cache.ts'
import { ResolvedModel, referencesIn } from './resolved-model.ts'

const KeptSchema = z.object({
  v: z.literal(1),
  documents: z.array(
    z.object({
      url: z.string(),
      text: z.string(),
      fetchedAt: z.number(),
      freshUntil: z.number().optional(),
      etag: z.string().optional(),
      lastModified: z.string().optional(),
    }),
  ),
})

const ACCEPT = 'application/cdni; ptype=MI.NamedFootprintNamespace, application/json;q=0.9'

export interface ProviderFootprintsDeps extends LoadDeps {
  readonly provider: string
  readonly fci: FciConfig
  readonly store: Store
  /** Throws `ThreadError`. */
  readonly lostShare: (before: Advertisement, after: Advertisement) => Promise<number>
  readonly now: () => number
  readonly random: () => number
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void
}

/** Changed footprints that would take much of the coverage away, and that are not used yet. */
type Doubt = HeldBackAdvertisement

/**
 * The named footprints of one provider: fetched, guarded as advertisements are, kept in the store, and put into the
 * advertisement in place of the references to them.
 */
export class ProviderFootprints {
  readonly #deps: ProviderFootprintsDeps
  readonly #cache: NamedFootprintCache
  readonly #resolved = new ResolvedModel()
  #doubt: Doubt | undefined
  #confirmed: string | undefined

  constructor(deps: ProviderFootprintsDeps) {
    this.#deps = deps
    const { fci, provider } = deps
    this.#cache = new NamedFootprintCache({
      ...(fci.footprints_url === undefined ? {} : { setUrl: fci.footprints_url }),
      combination: fci.footprint_combination,
      graceMs: fci.footprints_grace_seconds * 1000,
      minIntervalMs: fci.poll_seconds * 1000,
      maxBytes: fci.max_bytes,
      fetch: (url, held) =>
        deps.fetcher.fetch({
          ...baseRequest(fci, deps),
          ...held,
          url,
          what: 'a named footprint',
          headers: { accept: ACCEPT },
        }),
      admits: (registry) => this.#admits(registry),
      now: deps.now,
      random: deps.random,
      log: (event, fields) => deps.log(event, { provider, ...fields }),
    })
  }

  get model(): Advertisement | undefined {
    return this.#resolved.model
  }

  get version(): string {
    return this.#resolved.version
  }

  get unresolved(): readonly Unresolved[] {
    return this.#resolved.unresolved
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.#cache.diagnostics
  }

  get heldBack(): HeldBackAdvertisement | undefined {
    return this.#doubt
  }

  /** Why something needed could not be fetched; one reason of perhaps several. */
  get error(): string | undefined {
    return [...this.#cache.errors.values()][0]
  }

  /** The model with its references replaced by what is held now. */
  resolve(model: Advertisement): Advertisement {
    return referencesIn(model).length === 0
      ? model
      : resolveNamed(model, this.#cache.registry, this.#deps.now()).advertisement
  }

  /** The resolved model without what refers to resource footprints; undefined if nothing does. */
  get withoutResources(): Advertisement | undefined {
    const { raw } = this.#resolved
    if (raw === undefined || referencesIn(raw).length === 0) return undefined
    const kept = withoutReferencesTo(raw, this.#cache.resourceUris)
    return kept === raw ? undefined : this.resolve(kept)
  }

  /** Throws `StoreError`. */
  async restore(): Promise<void> {
    const id = recordId(this.#deps.provider)
    const record = await this.#deps.store.get('advertisements', id)
    if (record === undefined) return
    const { documents } = decodeRecord(KeptSchema, 'advertisements', id, record.value)
    this.#cache.restore(
      documents.map(({ url, text, fetchedAt, freshUntil, etag, lastModified }) => ({
        url,
        text,
        fetchedAt,
        ...(freshUntil === undefined ? {} : { freshUntil }),
        validators: {
          ...(etag === undefined ? {} : { etag }),
          ...(lastModified === undefined ? {} : { lastModified }),
        },
      })),
    )
  }

  /** To be called when the advertisement, or the time, is another one. True if the resolved model is. */
  update(inUse: AdvertisementInUse | undefined): boolean {
    return this.#resolved.update(inUse?.model, inUse?.version ?? '', this.#cache.registry, this.#deps.now())
  }

  /**
   * Fetches what is due of what these advertisements refer to, with at most `limit` requests. True if something new
   * came. Throws `StoreError` after it is in use but not kept.
   */
  async refresh(models: readonly (Advertisement | undefined)[], limit: number): Promise<boolean> {
    const changed = await this.#cache.refresh(models.flatMap(referencesIn), limit)
    if (changed) await this.#keep()
    return changed
  }

  /** Lets what is held back in, by asking for it again. False if nothing is. */
  confirm(): boolean {
    if (this.#doubt === undefined) return false
    this.#confirmed = this.#doubt.version
    this.#cache.hurry()
    return true
  }

  async #keep(): Promise<void> {
    const documents = this.#cache.documents.map(({ validators, ...document }) => ({ ...document, ...validators }))
    await this.#deps.store.commit([
      putRecord('advertisements', recordId(this.#deps.provider), { v: 1, documents }, 'any'),
    ])
  }

  /** The guard of advertisements, for what they refer to. */
  async #admits(registry: NamedRegistry): Promise<boolean> {
    const { fci, now, log, provider, lostShare } = this.#deps
    const { action, lost_share, hold_seconds } = fci.guard
    const raw = this.#resolved.raw
    const before = this.#resolved.model
    if (action === 'accept' || raw === undefined || before === undefined) return true
    const at = now()
    const model = resolveNamed(raw, registry, at).advertisement
    const lost = await lostShare(before, model)
    if (lost === 0 || lost < lost_share) {
      this.#doubt = undefined
      return true
    }
    const because = `its named footprints lose ${Math.round(lost * 100)} % of the coverage`
    const version = versionOf(model)
    const known = this.#doubt?.version === version ? this.#doubt : undefined
    const since = known?.since ?? at
    const acceptedAt = since + hold_seconds * 1000
    if (action === 'log' || at >= acceptedAt || this.#confirmed === version) {
      log('footprint.shrunk', { provider, because })
      this.#doubt = undefined
      this.#confirmed = undefined
      return true
    }
    if (known === undefined) log('footprint.held_back', { provider, because })
    this.#doubt = { model, version, since, lastSeenAt: at, lostShare: lost, because, acceptedAt }
    return false
  }
}

function recordId(provider: string): string {
  return `footprints:${provider}`
}
