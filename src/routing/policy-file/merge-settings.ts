import type { FootprintRule, ProviderTerms, RoutingPolicy } from '../policy.ts'
import type { Settings } from './policy-document.ts'

/** The policy with one more specific level laid over it. Its rules come before those of wider levels. */
export function applySettings(
  policy: RoutingPolicy,
  settings: Settings,
  rules: readonly FootprintRule[],
): RoutingPolicy {
  const { balance = {}, needs = {}, quality = {}, providers = {} } = settings
  const ttlSeconds = settings.ttl_seconds ?? policy.ttlSeconds
  return {
    revision: policy.revision,
    ttlSeconds,
    degradedTtlSeconds: Math.min(settings.degraded_ttl_seconds ?? policy.degradedTtlSeconds, ttlSeconds),
    requireMoqCapability: settings.require_moq_capability ?? policy.requireMoqCapability,
    stickiness: settings.stickiness ?? policy.stickiness,
    balance: {
      by: balance.by ?? policy.balance.by,
      withinMs: balance.within_ms ?? policy.balance.withinMs,
      withinPercent: balance.within_percent ?? policy.balance.withinPercent,
    },
    needs: {
      ...policy.needs,
      ...(needs.delivery_protocols && { deliveryProtocols: needs.delivery_protocols.map((one) => one.toLowerCase()) }),
      ...(needs.moq_drafts && { moqDrafts: needs.moq_drafts }),
      ...(needs.transports && { transports: needs.transports }),
      ...(needs.roles && { roles: needs.roles }),
      ...(needs.metadata && { metadataTypes: needs.metadata }),
      ...(needs.private_features && { privateFeatures: needs.private_features }),
    },
    quality: {
      ...policy.quality,
      ...(quality.max_error_share === undefined ? {} : { maxErrorShare: quality.max_error_share }),
      ...(quality.max_rebuffer_share === undefined ? {} : { maxRebufferShare: quality.max_rebuffer_share }),
      ...(quality.min_throughput_kbps === undefined ? {} : { minThroughputKbps: quality.min_throughput_kbps }),
    },
    whenAllDown: settings.when_all_down ?? policy.whenAllDown,
    whenAllFull: settings.when_all_full ?? policy.whenAllFull,
    usageMaxAgeMs:
      settings.usage_max_age_seconds === undefined ? policy.usageMaxAgeMs : settings.usage_max_age_seconds * 1000,
    rules: rules.length === 0 ? policy.rules : [...rules, ...policy.rules],
    otherwise: settings.otherwise ?? policy.otherwise,
    terms: Object.entries(providers).reduce(
      (terms, [provider, given]) => new Map(terms).set(provider, applyTerms(terms.get(provider) ?? {}, given)),
      policy.terms,
    ),
  }
}

function applyTerms(terms: ProviderTerms, given: NonNullable<Settings['providers']>[string]): ProviderTerms {
  const { priority, weight, price, excluded, volume } = given
  const { excluded: before, ...kept } = terms
  const why = excluded ?? before
  return {
    ...kept,
    ...(priority === undefined ? {} : { priority }),
    ...(weight === undefined ? {} : { weight }),
    ...(price === undefined ? {} : { price }),
    ...(why === undefined || why === '' ? {} : { excluded: why }),
    ...(volume === undefined
      ? {}
      : {
          volume: {
            period: volume.period,
            catchUp: volume.catch_up,
            ...(volume.committed_bytes === undefined ? {} : { committed: volume.committed_bytes }),
            ...(volume.soft_bytes === undefined ? {} : { soft: volume.soft_bytes }),
            ...(volume.hard_bytes === undefined ? {} : { hard: volume.hard_bytes }),
          },
        }),
  }
}
