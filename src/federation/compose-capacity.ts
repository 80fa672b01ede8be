import type { AdvertisedCapability } from '../fci/advertisement.ts'
import type { WireCapacityLimit } from '../fci/capabilities/capacity.ts'
import { limitsOf, telemetrySourcesOf } from '../fci/capabilities/capacity-references.ts'
import type { CdnPath } from '../fci/cdn-path.ts'
import type { Footprint } from '../fci/footprint.ts'
import { GLOBAL } from '../fci/footprint-algebra.ts'
import { narrowFootprint } from './narrow-footprint.ts'
import { isOneList } from './one-list.ts'
import type { PeerContract } from './peer-contract.ts'
import { renameSource, telemetryName } from './renamed-telemetry.ts'
import type { ContributedLimit } from './sum-limits.ts'
import { sumLimits } from './sum-limits.ts'

/** `FCI.CapacityLimits` or `FCI.Telemetry` of one CDN, with the way on which it may leave. */
export interface CapacityShare {
  readonly provider: string
  readonly capability: AdvertisedCapability
  readonly path: CdnPath
}

/** Collects limits and telemetry sources, because limits of several CDNs are told as one (RFC 9808). */
export class CapacityDraft {
  readonly #rules: { readonly contract: PeerContract; readonly nameOf: (text: string) => string }
  readonly #limits: ContributedLimit[] = []
  readonly #telemetry: AdvertisedCapability[] = []
  readonly #metrics = new Map<string, ReadonlySet<string>>()

  constructor(rules: { readonly contract: PeerContract; readonly nameOf: (text: string) => string }) {
    this.#rules = rules
  }

  add({ provider, capability, path }: CapacityShare): void {
    if (capability.type === 'FCI.Telemetry') this.#addTelemetry(provider, capability, path)
    else this.#addLimits(provider, capability, path)
  }

  compose(): readonly AdvertisedCapability[] {
    const { contract, nameOf } = this.#rules
    const limits = sumLimits(this.#limits, contract.reserveShare, nameOf, (provider, limit) =>
      this.#sourceOf(provider, limit),
    )
    return [...limits, ...this.#telemetry]
  }

  #addTelemetry(provider: string, capability: AdvertisedCapability, path: CdnPath): void {
    const { footprint } = narrowFootprint(capability.footprint, this.#rules.contract)
    // The same id in two objects would be no id any more.
    if (footprint === undefined || !isOneList(footprint)) return
    const sources = telemetrySourcesOf(capability.value).map((source) => {
      const name = telemetryName(provider, source.id, this.#rules.nameOf)
      this.#metrics.set(name, new Set(source.metrics.map((metric) => metric.name)))
      return renameSource(source, name)
    })
    if (sources.length > 0) this.#telemetry.push({ type: 'FCI.Telemetry', value: { sources }, footprint, ...path })
  }

  #addLimits(provider: string, capability: AdvertisedCapability, path: CdnPath): void {
    const footprint = this.#whereLimited(capability.footprint)
    if (footprint === undefined) return
    for (const limit of limitsOf(capability.value)) this.#limits.push({ provider, limit, footprint, path })
  }

  /**
   * Where a limit is said to hold. A limit that is left out, or that falls apart into several, lets more through; so
   * what cannot be said as one list is said of all that the contract speaks of.
   */
  #whereLimited(given: Footprint): Footprint | undefined {
    const { contract } = this.#rules
    const { footprint, because } = narrowFootprint(given, contract)
    if (because === 'outside-contract') return undefined
    if (footprint !== undefined && because === undefined && isOneList(footprint)) return footprint
    return isOneList(contract.footprint) ? contract.footprint : GLOBAL
  }

  /** Only a source that the peer hears of may be referred to. */
  #sourceOf(
    provider: string,
    { 'telemetry-source': source }: WireCapacityLimit,
  ): WireCapacityLimit['telemetry-source'] {
    if (source === undefined) return undefined
    const id = telemetryName(provider, source.id, this.#rules.nameOf)
    return this.#metrics.get(id)?.has(source.metric) === true ? { id, metric: source.metric } : undefined
  }
}
