import type { AdvertisedCapability } from './advertisement.ts'
import { jsonOf } from './canonical-advertisement.ts'
import type { JsonValue } from './canonical-json.ts'
import { canonicalJson, isJsonList, isJsonObject } from './canonical-json.ts'
import type { WireCapacityLimit } from './capabilities/capacity.ts'
import { limitsOf } from './capabilities/capacity-references.ts'
import { withoutSecrets } from './capabilities/secrets.ts'
import { isUnderstood } from './capability-value.ts'
import type { CoverageSummary } from './coverage-summary.ts'
import { summarizeCoverage } from './coverage-summary.ts'
import type { RedirectTarget } from './effective-capabilities.ts'
import { redirectTargetOf, saysMoq } from './merge-capabilities.ts'
import { payloadTypeOf } from './payload-types.ts'

/** One capability as we understand it. */
export interface CapabilitySummary {
  readonly type: string
  /** Whether IANA lists the type (RFC 7736 2.2). */
  readonly isRegistered: boolean
  /** Whether we read its value; all others are carried as they are. */
  readonly isUnderstood: boolean
  readonly saysMoq: boolean
  /** Canonical, without secrets. */
  readonly value: JsonValue
  readonly coverage: CoverageSummary
}

const MAX_SUMMARIES = 1000

/** The first thousand capabilities. */
export function summarizeCapabilities(capabilities: readonly AdvertisedCapability[]): readonly CapabilitySummary[] {
  return capabilities.slice(0, MAX_SUMMARIES).map((capability) => ({
    type: capability.type,
    isRegistered: payloadTypeOf(capability.type)?.isRegistered ?? false,
    isUnderstood: isUnderstood(capability.type),
    saysMoq: saysMoq(capability),
    value: withoutSecrets(jsonOf(capability.value)),
    coverage: summarizeCoverage(capability.footprint),
  }))
}

/** A value on one line: in words where that is short, everything else as JSON. */
export function valueText({ type, value }: Pick<CapabilitySummary, 'type' | 'value'>): string {
  switch (type) {
    case 'FCI.CapacityLimits':
      return limitsOf(value).map(limitText).join(', ')
    case 'FCI.RedirectTarget':
      return redirectTargetOf(value).map(targetText).join(', ')
    default:
      return namesText(value) ?? canonicalJson(value)
  }
}

function namesText(value: JsonValue): string | undefined {
  const members = isJsonObject(value) ? Object.values(value) : []
  const [only] = members
  if (members.length !== 1 || !isJsonList(only)) return undefined
  if (only.length === 0) return 'none'
  const texts = only.map((item) => (typeof item === 'string' ? item : featureText(item)))
  return texts.every((text) => text !== undefined) ? texts.join(', ') : undefined
}

function limitText(limit: WireCapacityLimit): string {
  const soft = limit['maximum-soft']
  const from = soft === undefined ? '' : `, soft ${soft}`
  return `${limit['limit-type']} to ${limit['maximum-hard']}${from}`
}

function targetText({ redirectingHosts, dnsTarget, httpTarget }: RedirectTarget): string {
  const targets = [
    dnsTarget === undefined ? '' : `DNS ${dnsTarget.host}`,
    httpTarget === undefined
      ? ''
      : `HTTP ${httpTarget.scheme === undefined ? '' : `${httpTarget.scheme}://`}${httpTarget.host}${httpTarget.pathPrefix ?? '/'}`,
  ].filter((text) => text !== '')
  const hosts = redirectingHosts.length === 0 ? '' : ` for ${redirectingHosts.join(' ')}`
  return `${targets.length === 0 ? 'no target' : targets.join(', ')}${hosts}`
}

function featureText(item: unknown): string | undefined {
  if (!isJsonObject(item)) return undefined
  const { 'feature-oid': oid, 'feature-type': type, 'feature-value': details } = item
  if (typeof oid !== 'string' || typeof type !== 'string') return undefined
  if (!isJsonObject(details)) return `${type} of ${oid}`
  const said = Object.entries(details).map(
    ([name, list]) => `${name} ${isJsonList(list) ? list.map(String).join('/') : JSON.stringify(list)}`,
  )
  return said.length === 0 ? `${type} of ${oid}` : `${type} of ${oid} (${said.join('; ')})`
}
