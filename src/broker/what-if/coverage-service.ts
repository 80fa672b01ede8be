import { setImmediate } from 'node:timers/promises'
import type { Address, Prefix } from '../../fci/prefix.ts'
import { addressBits, formatAddress, lastValue } from '../../fci/prefix.ts'
import type { Client } from '../../routing/client.ts'
import type { CoverageMap } from '../../routing/coverage/coverage-map.ts'
import type { ClassVerdict, CoverageRow } from '../../routing/coverage/coverage-report.ts'
import { reportCoverage } from '../../routing/coverage/coverage-report.ts'
import type { TallyKey } from '../../routing/coverage/tally-coverage.ts'
import type { ProviderFacts } from '../../routing/decision.ts'
import type { GeoFacts } from '../../routing/geo-facts.ts'
import type { RoutingPlan } from '../../routing/plan.ts'
import { clientPrefixKey } from '../../routing/routing-key.ts'
import type { TalliedCoverage } from '../coverage/coverage-service.ts'
import type { CoverageState } from '../coverage/coverage-state.ts'
import type { ProviderDirectory } from '../providers/provider-directory.ts'
import type { PolicySource } from '../routing/policy-source.ts'
import { createRoutePlans } from '../routing/route-plans.ts'

export interface CoverageReport {
  readonly map: string
  /** In the order of the configuration. */
  readonly providers: readonly string[]
  readonly rows: readonly CoverageRow[]
  /** The smallest ones, beyond the limit. */
  readonly rowsLeftOut: number
}

/** One stretch of a prefix, all of whose clients are in one decision class. */
export interface PrefixStretch extends ClassVerdict {
  readonly prefix: Prefix
}

export interface PrefixCoverage {
  readonly map: string
  readonly stretches: readonly PrefixStretch[]
  /** Address from which on the stretches are not listed, because there are too many. */
  readonly continuesAt?: Address
}

/** Who serves whom, read off the compiled map. Undefined: no map has been compiled yet. */
export interface CoverageService {
  report(by: TallyKey, limit: number): Promise<CoverageReport | undefined>
  /** The longest stretches inside the prefix, at most `limit`, in order. */
  prefix(prefix: Prefix, limit: number): PrefixCoverage | undefined
  /** The map itself, what it is made of, and whether it follows. */
  state(): CoverageState
}

export interface CoverageServiceDeps {
  readonly directory: Pick<ProviderDirectory, 'facts' | 'health'>
  readonly map: () => CoverageMap | undefined
  /** Made on another thread, for the map then in use. */
  readonly tally: (by: TallyKey, mostKeys: number) => Promise<TalliedCoverage | undefined>
  readonly lookUpGeo: (address: Address) => GeoFacts | undefined
  readonly policies: PolicySource
  readonly state: () => CoverageState
  readonly now: () => number
}

const VERDICTS_PER_TURN = 100

export function createCoverageService(deps: CoverageServiceDeps): CoverageService {
  const { directory, policies, now } = deps

  /** Verdicts on the classes of one map, at this moment. */
  function judge(map: CoverageMap): (address: Address) => ClassVerdict {
    const facts = directory.facts()
    const healthy = facts.map(withoutTroubles)
    const plansOf = (all: readonly ProviderFacts[]) =>
      createRoutePlans({
        directory: { facts: () => all, health: (id) => directory.health(id) },
        current: () => ({ map }),
        now,
      })
    const actual = plansOf(facts)
    const ideal = plansOf(healthy)
    return (address) => {
      const client = (): Client => ({ address, text: formatAddress(address), ...deps.lookUpGeo(address) })
      const policy = policies.of(undefined, clientPrefixKey(address))
      const question = { address, client, record: undefined, policy }
      return { serving: sharesOf(actual.plan(question)), able: ableIn(ideal.plan(question)) }
    }
  }

  return {
    state: deps.state,
    async report(by, limit) {
      const tallied = await deps.tally(by, limit)
      if (tallied === undefined) return undefined
      const { map, cells, keysLeftOut } = tallied
      const verdictOn = judge(map)
      const verdicts = new Map<number, ClassVerdict>()
      for (const { classId, sample } of cells) {
        if (verdicts.has(classId)) continue
        verdicts.set(classId, verdictOn(sample))
        if (verdicts.size % VERDICTS_PER_TURN === 0) await setImmediate()
      }
      return {
        map: map.version,
        providers: directory.facts().map(({ id }) => id),
        rows: reportCoverage(cells, (classId) => verdicts.get(classId) ?? NOBODY),
        rowsLeftOut: keysLeftOut,
      }
    },
    prefix(prefix, limit) {
      const map = deps.map()
      if (map === undefined) return undefined
      const verdictOn = judge(map)
      const stretches: PrefixStretch[] = []
      const last = lastValue(prefix)
      let at = prefix.value
      while (at <= last && stretches.length < limit) {
        const address: Address = { version: prefix.version, value: at }
        const widest = map.widestPrefix(address)
        const stretch = widest.length <= prefix.length ? prefix : widest
        stretches.push({ prefix: stretch, ...verdictOn(address) })
        at = lastValue(stretch) + 1n
      }
      const isCut = at <= last && at < 1n << BigInt(addressBits(prefix.version))
      return {
        map: map.version,
        stretches,
        ...(isCut ? { continuesAt: { version: prefix.version, value: at } } : {}),
      }
    },
  }
}

const NOBODY: ClassVerdict = { serving: [], able: [] }

/** As the provider would be, had nobody and nothing taken it out. */
function withoutTroubles(facts: ProviderFacts): ProviderFacts {
  const ideal: { -readonly [K in keyof ProviderFacts]: ProviderFacts[K] } = {
    ...facts,
    administrative: { state: 'enabled' },
    health: { state: 'up' },
  }
  delete ideal.drilled
  return ideal
}

/** Those of the first tier share its clients by weight. */
function sharesOf({ tiers }: RoutingPlan): ClassVerdict['serving'] {
  const [first = []] = tiers
  const total = first.reduce((sum, { weight }) => sum + weight, 0)
  return first.map(({ provider, weight }) => ({
    provider: provider.id,
    share: total > 0 ? weight / total : 1 / first.length,
  }))
}

function ableIn({ tiers }: RoutingPlan): readonly string[] {
  return tiers.flatMap((tier) => tier.map(({ provider }) => provider.id))
}
