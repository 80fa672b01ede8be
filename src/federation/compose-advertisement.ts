import type { AdvertisedCapability, Advertisement } from '../fci/advertisement.ts'
import { canonicalCapabilities, jsonOf } from '../fci/canonical-advertisement.ts'
import type { JsonValue } from '../fci/canonical-json.ts'
import { canonicalJson } from '../fci/canonical-json.ts'
import { withoutSecrets } from '../fci/capabilities/secrets.ts'
import { isMergeable } from '../fci/capability-value.ts'
import type { ProviderFacts } from '../routing/decision.ts'
import type { CapacityShare } from './compose-capacity.ts'
import { CapacityDraft } from './compose-capacity.ts'
import type { FootprintReason } from './narrow-footprint.ts'
import { narrowFootprint } from './narrow-footprint.ts'
import { isOneList, splitIntoLists } from './one-list.ts'
import type { Gateway, PeerContract } from './peer-contract.ts'
import { publishableValue, UNDERSTOOD_TYPES } from './publishable-value.ts'
import { modesThroughGateway, ownRedirectTargets, printRedirectTarget } from './redirection.ts'
import { republishPath } from './republished-path.ts'

/** A CDN below, and its CDN Provider ID if it is a gateway itself. */
export interface Contributor {
  readonly facts: ProviderFacts
  readonly pid?: string
  /** What it advertises without what refers to resource footprints; absent if nothing does. */
  readonly withoutResources?: Advertisement
}

export interface Composition {
  /** Canonical: reading back what is printed gives the same. Without any capability it says "not ready" (R12). */
  readonly advertisement: Advertisement
  /** What was left out or cut, for the operator; never told to peers. */
  readonly withheld: readonly Withheld[]
}

export interface Withheld {
  readonly provider: string
  /** Absent: all that it offers. */
  readonly type?: string
  readonly because:
    | FootprintReason
    | 'loop'
    | 'hops'
    | 'type-outside-contract'
    | 'several-sources'
    | 'secret'
    | 'says-nothing'
    | 'resource-footprint'
    | 'no-advertisement'
    | 'expired'
    | 'drained'
    | 'disabled'
    | 'down'
    | 'drilled'
}

export interface CompositionRequest {
  readonly contributors: readonly Contributor[]
  readonly gateway: Gateway
  readonly contract: PeerContract
  /** The receiver's CDN Provider ID, if it has one. */
  readonly receiver?: string
  /** A keyed digest of a text: it makes names that are stable over time and tell nothing. */
  readonly nameOf: (text: string) => string
}

/**
 * What the gateway says it can serve to one peer: of every capability of every CDN below that can serve now, what the
 * contract allows, without a trace of which CDN it is (draft-lefaucheur-cdni-requirements R3, R13, R14). Whatever is in
 * doubt is left out, save limits, which are widened instead.
 */
export function composeAdvertisement(request: CompositionRequest): Composition {
  const steps = composeInSteps(request)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** The same with a pause after every object, for whoever has something else to do meanwhile. */
export function* composeInSteps(request: CompositionRequest): Generator<void, Composition> {
  const { gateway, contract } = request
  const withheld: Withheld[] = []
  const told: AdvertisedCapability[] = []
  const capacity = new CapacityDraft(request)
  const sources = sourcesOfTypes(request.contributors)
  for (const contributor of request.contributors) {
    const { facts } = contributor
    const absence = absenceOf(facts)
    if (absence !== undefined) {
      withheld.push({ provider: facts.id, because: absence })
      continue
    }
    const cut = contract.allowResourceFootprints ? undefined : contributor.withoutResources
    if (cut !== undefined) withheld.push({ provider: facts.id, because: 'resource-footprint' })
    for (const capability of capabilitiesOf(facts, cut)) {
      const { type } = capability
      const outcome = tell(capability, contributor, request, sources.get(type) ?? 0)
      if (outcome.because !== undefined) withheld.push({ provider: facts.id, type, because: outcome.because })
      told.push(...(outcome.told ?? []))
      if (outcome.capacity !== undefined) capacity.add(outcome.capacity)
      yield
    }
  }
  told.push(...capacity.compose())
  yield
  if (allowsType('FCI.RedirectTarget', contract)) told.push(...ownRedirectTargets(gateway, told, contract.maxHops))
  return { advertisement: { capabilities: canonicalCapabilities(told), diagnostics: [] }, withheld }
}

interface Outcome {
  readonly told?: readonly AdvertisedCapability[]
  readonly capacity?: CapacityShare
  readonly because?: Withheld['because'] | undefined
}

function tell(
  capability: AdvertisedCapability,
  { facts, pid }: Contributor,
  { gateway, contract, receiver }: CompositionRequest,
  sources: number,
): Outcome {
  const { type } = capability
  if (!allowsType(type, contract)) return { because: 'type-outside-contract' }
  const isOpaque = !UNDERSTOOD_TYPES.has(type)
  if (isOpaque && sources > 1) return { because: 'several-sources' }
  if (isOpaque && holdsSecret(jsonOf(capability.value))) return { because: 'secret' }
  // Ours takes its place.
  if (type === 'FCI.RedirectTarget' && !contract.passRedirectTargets) return {}

  const passage = { own: gateway.pid, maxHops: contract.maxHops, paths: contract.paths }
  const republished = republishPath(capability, {
    ...passage,
    ...(pid === undefined ? {} : { from: pid }),
    ...(receiver === undefined ? {} : { to: receiver }),
  })
  if (republished.kind === 'refused') return { because: republished.because }
  const { path } = republished
  if (type === 'FCI.CapacityLimits' || type === 'FCI.Telemetry') {
    return { capacity: { provider: facts.id, capability, path } }
  }

  const value = publishableValue(type, jsonOf(capability.value))
  const throughUs =
    value === undefined || type !== 'FCI.RedirectionMode' || contract.passRedirectTargets
      ? value
      : modesThroughGateway(value, gateway.redirectTarget)
  if (throughUs === undefined) return { because: 'says-nothing' }
  const { footprint, because } = narrowFootprint(capability.footprint, contract)
  if (footprint === undefined) return { because }
  if (isMergeable(type)) return { told: [{ type, value: throughUs, footprint, ...path }], because }
  // In several objects another type might mean something else.
  if (type !== 'FCI.RedirectTarget' && !isOneList(footprint)) return { because: 'untellable-footprint' }
  return {
    told: splitIntoLists(footprint).map((list) => ({ type, value: throughUs, footprint: list, ...path })),
    because,
  }
}

/** `FCI.LoggingSource` holds passwords, and others may. What is not for a log is not for another CDN. */
function holdsSecret(value: JsonValue): boolean {
  return canonicalJson(withoutSecrets(value)) !== canonicalJson(value)
}

function allowsType(type: string, { capabilityTypes }: PeerContract): boolean {
  if (capabilityTypes === 'all') return true
  return capabilityTypes === 'understood' ? UNDERSTOOD_TYPES.has(type) : capabilityTypes.includes(type)
}

/** Why a CDN has no part in what is said now. */
function absenceOf({ administrative, health, drilled, advertisement }: ProviderFacts): Withheld['because'] | undefined {
  if (administrative.state !== 'enabled') return administrative.state
  if (health.state === 'down') return 'down'
  if (drilled !== undefined) return 'drilled'
  if (advertisement === undefined) return 'no-advertisement'
  return advertisement.expired ? 'expired' : undefined
}

/** Its advertisement, with the configured target in the place of those that it advertises. */
function capabilitiesOf(
  { advertisement, target }: ProviderFacts,
  model: Advertisement | undefined = advertisement?.model,
): readonly AdvertisedCapability[] {
  const all = model?.capabilities ?? []
  if (target === undefined) return all
  const others = all.filter(({ type }) => type !== 'FCI.RedirectTarget')
  const value = printRedirectTarget(target.redirect)
  const delivering = others.filter(({ type }) => type === 'FCI.DeliveryProtocol')
  return [...others, ...delivering.map((one) => ({ ...one, type: 'FCI.RedirectTarget', value }))]
}

/** How many CDNs that can serve now have an object of each type. */
function sourcesOfTypes(contributors: readonly Contributor[]): ReadonlyMap<string, number> {
  const sources = new Map<string, number>()
  for (const { facts } of contributors) {
    if (absenceOf(facts) !== undefined) continue
    const types = new Set(facts.advertisement?.model.capabilities.map(({ type }) => type))
    for (const type of types) sources.set(type, (sources.get(type) ?? 0) + 1)
  }
  return sources
}
