import type { EffectiveCapabilities } from '../fci/effective-capabilities.ts'
import type { CapabilityNeeds } from './policy.ts'

/** What the policy needs and this offer lacks, in words; undefined: nothing. */
export function missingCapability(needs: CapabilityNeeds, offered: EffectiveCapabilities): string | undefined {
  const { deliveryProtocols, moqDrafts, transports, roles, metadataTypes, privateFeatures } = needs
  const { moq } = offered
  if (deliveryProtocols !== undefined && !sharesOne(deliveryProtocols, offered.deliveryProtocols)) {
    return oneOf('delivery protocol', deliveryProtocols)
  }
  if (moqDrafts !== undefined && moq?.drafts !== undefined && !sharesOne(moqDrafts, moq.drafts)) {
    return oneOf('MoQ draft', moqDrafts)
  }
  if (transports !== undefined && moq?.transports !== undefined && !sharesOne(transports, moq.transports)) {
    return oneOf('transport', transports)
  }
  const role = moq?.roles === undefined ? undefined : firstMissing(roles, moq.roles)
  if (role !== undefined) return `the role ${role}`
  const type = firstMissing(lowered(metadataTypes), lowered(offered.metadataTypes) ?? [])
  if (type !== undefined) return `metadata ${type}`
  const feature = privateFeatures?.find(
    (wanted) => !offered.privateFeatures.some(({ oid, type: kind }) => oid === wanted.oid && kind === wanted.type),
  )
  return feature && `the private feature ${feature.oid} ${feature.type}`
}

/** Metadata types are compared without regard to case (RFC 8006 4.1.4). */
function lowered(types: readonly string[] | undefined): readonly string[] | undefined {
  return types?.map((type) => type.toLowerCase())
}

function sharesOne(wanted: readonly string[], offered: readonly string[]): boolean {
  return wanted.some((one) => offered.includes(one))
}

function firstMissing(wanted: readonly string[] | undefined, offered: readonly string[]): string | undefined {
  return wanted?.find((one) => !offered.includes(one))
}

function oneOf(what: string, wanted: readonly string[]): string {
  return wanted.length === 1 ? `the ${what} ${wanted.join()}` : `any ${what} of ${wanted.join(', ')}`
}
