import type { PrivateFeatureId } from '../fci/effective-capabilities.ts'
import type { Footprint } from '../fci/footprint.ts'

/** What the operator decides about the answers of one scope: all levels of the policy file merged. */
export interface RoutingPolicy {
  /** Names the revision of the policy file that it comes from. */
  readonly revision: string
  /** How long a client may hold an answer. */
  readonly ttlSeconds: number
  /** The same while something is degraded, so that clients come back soon; not above `ttlSeconds`. */
  readonly degradedTtlSeconds: number
  /** Whether a provider must say in its advertisement that it serves MoQ. */
  readonly requireMoqCapability: boolean
  /** What a provider must offer the client. */
  readonly needs: CapabilityNeeds
  /** In order: the first that speaks of the provider and holds the client decides. */
  readonly rules: readonly FootprintRule[]
  /** Where no rule decides. */
  readonly otherwise: RuleAction
  /** By provider id; absent: the facts of the provider stand. */
  readonly terms: ReadonlyMap<string, ProviderTerms>
  readonly stickiness: Stickiness
  readonly balance: Balance
  /** Measured limits beyond which a provider is demoted like a degraded one. */
  readonly quality: QualityLimits
  /** What happens when health alone excludes everybody who could serve. */
  readonly whenAllDown: LastResort
  /** What happens when hard limits of capacity exclude everybody who could serve. */
  readonly whenAllFull: LastResort
  /** Usage that was reported longer ago is unknown, in milliseconds. */
  readonly usageMaxAgeMs: number
}

export type LastResort = 'serve' | 'refuse'

/**
 * What keeps answers together: `session` the session if one is given, else the client's /24 or /48; `prefix` the latter
 * always; `scope` the scope if one is asked for, so that all its clients stand behind one relay.
 */
export type Stickiness = 'session' | 'prefix' | 'scope'

/** How providers of equal priority share: see docs/routing.md, section 4. */
export interface Balance {
  readonly by: 'weight' | 'latency' | 'cost'
  /** As slow as this beyond the fastest counts as equally fast: the larger of both. */
  readonly withinMs: number
  readonly withinPercent: number
}

export interface QualityLimits {
  /** Shares of samples, 0 to 1; absent: not looked at. */
  readonly maxErrorShare?: number
  readonly maxRebufferShare?: number
  /** Kilobits per second; absent: not looked at. */
  readonly minThroughputKbps?: number
}

/** Whether measurements have a say in the answers under this policy. */
export function looksAtMeasurements({ balance, quality }: RoutingPolicy): boolean {
  return balance.by !== 'weight' || Object.keys(quality).length > 0
}

export type RuleAction = 'allow' | 'deny'

/** A licence or a ban: where clients may or may not be served, by all providers or by some. */
export interface FootprintRule {
  readonly id: string
  readonly action: RuleAction
  readonly footprint: Footprint
  /** Absent: all. */
  readonly providers?: ReadonlySet<string>
  /** Among all footprints of the policy file, as its column of the coverage map lists them. */
  readonly position: number
}

/** An absent list asks for nothing. */
export interface CapabilityNeeds {
  /** One of them suffices; in lower case. */
  readonly deliveryProtocols?: readonly string[]
  /** One of them suffices, where the provider says which it has. */
  readonly moqDrafts?: readonly string[]
  readonly transports?: readonly string[]
  /** All of them, where the provider says which it has. */
  readonly roles?: readonly string[]
  /** GenericMetadata types that are mandatory to enforce: all of them (RFC 8006 4.1.6). */
  readonly metadataTypes?: readonly string[]
  readonly privateFeatures?: readonly PrivateFeatureId[]
}

/** What was agreed or decided about one provider. */
export interface ProviderTerms {
  readonly priority?: number
  readonly weight?: number
  /** Per unit of traffic, in any currency; compared among providers only. */
  readonly price?: number
  /** Why it is not used. */
  readonly excluded?: string
  readonly volume?: VolumeTerms
}

/** Bytes per calendar period in UTC. */
export interface VolumeTerms {
  readonly period: 'day' | 'month'
  /** Paid for anyway: while usage is behind this at an even pace, more of it costs nothing. */
  readonly committed?: number
  /** By this factor the weight grows while usage is behind the pace. */
  readonly catchUp: number
  /** Shed from here. */
  readonly soft?: number
  /** Not beyond this. */
  readonly hard?: number
}

/** What holds where no policy file says otherwise. */
export function plainPolicy(
  basics: Pick<RoutingPolicy, 'ttlSeconds' | 'degradedTtlSeconds' | 'requireMoqCapability'>,
): RoutingPolicy {
  return {
    revision: 'config',
    ...basics,
    needs: {},
    rules: [],
    otherwise: 'allow',
    terms: new Map(),
    stickiness: 'session',
    balance: { by: 'weight', withinMs: 20, withinPercent: 20 },
    quality: {},
    whenAllDown: 'serve',
    whenAllFull: 'refuse',
    usageMaxAgeMs: 300_000,
  }
}
