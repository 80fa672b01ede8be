import type { AdvertisedCapability } from '../fci/advertisement.ts'
import type { JsonValue } from '../fci/canonical-json.ts'
import { isJsonList, isJsonObject } from '../fci/canonical-json.ts'
import type { RedirectTarget } from '../fci/effective-capabilities.ts'
import { deliveryFootprint } from '../fci/moq-capability.ts'
import { splitIntoLists } from './one-list.ts'
import type { Gateway } from './peer-contract.ts'

/**
 * The modes that work through the gateway (RFC 8008 5.5): those of the CDN below for which the gateway itself has a
 * target. Recursive ones need an interface of the gateway's own. Undefined: none.
 */
export function modesThroughGateway(value: JsonValue, target: RedirectTarget | undefined): JsonValue | undefined {
  const own = new Set([
    ...(target?.dnsTarget === undefined ? [] : ['DNS-I']),
    ...(target?.httpTarget === undefined ? [] : ['HTTP-I']),
  ])
  const modes = isJsonObject(value) ? value['redirection-modes'] : undefined
  const through = (isJsonList(modes) ? modes : [])
    .filter((mode) => typeof mode === 'string')
    .filter((mode) => own.has(mode))
  return through.length === 0 ? undefined : { 'redirection-modes': through }
}

/**
 * The gateway's own `FCI.RedirectTarget` (RFC 8804 2.3) for everybody to whom something is delivered; none if it has no
 * target, or nothing is delivered. It comes after all others: the first that fits counts.
 */
export function ownRedirectTargets(
  { pid, redirectTarget }: Gateway,
  told: readonly AdvertisedCapability[],
  maxHops: number,
): readonly AdvertisedCapability[] {
  const delivered = deliveryFootprint({ capabilities: told, diagnostics: [] })
  if (redirectTarget === undefined || delivered === undefined) return []
  const value = printRedirectTarget(redirectTarget)
  return splitIntoLists(delivered).map((footprint) => ({
    type: 'FCI.RedirectTarget',
    value,
    footprint,
    cdnPath: [pid],
    maxHops,
  }))
}

/** On the wire (RFC 8804 2.3 to 2.5). */
export function printRedirectTarget({ redirectingHosts, dnsTarget, httpTarget }: RedirectTarget): JsonValue {
  return {
    ...(redirectingHosts.length === 0 ? {} : { 'redirecting-hosts': redirectingHosts }),
    ...(dnsTarget === undefined ? {} : { 'dns-target': { host: dnsTarget.host } }),
    ...(httpTarget === undefined
      ? {}
      : {
          'http-target': {
            host: httpTarget.host,
            ...(httpTarget.scheme === undefined ? {} : { scheme: httpTarget.scheme }),
            ...(httpTarget.pathPrefix === undefined ? {} : { 'path-prefix': httpTarget.pathPrefix }),
            ...(httpTarget.includeRedirectingHost ? { 'include-redirecting-host': true } : {}),
          },
        }),
  }
}
