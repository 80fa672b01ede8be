import type { FamilySize } from '../../routing/coverage/coverage-map.ts'
import type { HeldAdvertisement } from '../../routing/decision.ts'
import type { GeoEdition } from '../../routing/geo-source.ts'
import type { HeldCoverage } from './coverage-service.ts'

/** What was not taken, and has not been since. */
export interface CoverageRefusal {
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly because: string
}

/** How far the map follows what it is made of. */
export interface CoverageProgress {
  /** Whether a change waits to be compiled, or is being compiled. */
  readonly compiling: boolean
  /** Why the last compilation failed, if it did; the map before it is in use. */
  readonly refused?: CoverageRefusal
  /** Why geo files are not used, if so; the data before is in use. */
  readonly geoRefused?: CoverageRefusal
}

/** The first that applies: no map at all, the last compilation failed, one is under way, as kept from before the start. */
export type CoverageStanding = 'none' | 'refused' | 'compiling' | 'kept' | 'fresh'

/** How the advertisement in use stands to the map. */
export type ColumnStanding =
  /** The map answers for it. */
  | 'current'
  /** The map has an older one, so this one is read plainly. */
  | 'behind'
  /** It is not in the map, so it is read plainly. */
  | 'missing'
  /** It could not be compiled, so it is read plainly. */
  | 'skipped'
  /** There is no usable advertisement. */
  | 'unused'

export interface ColumnState {
  readonly provider: string
  readonly standing: ColumnStanding
  /** In the map; absent: the map has none. */
  readonly column?: { readonly version: string; readonly since: number }
  /** Version in use and since when, milliseconds since the epoch. */
  readonly advertisement?: Pick<HeldAdvertisement, 'version' | 'fetchedAt' | 'confirmedAt'>
  /** Why it was skipped. */
  readonly because?: string
}

/** The coverage map and what it is made of, for operators. */
export interface CoverageState extends CoverageProgress {
  readonly standing: CoverageStanding
  readonly map?: {
    readonly version: string
    /** Milliseconds since the epoch. */
    readonly madeAt: number
    readonly seconds: number
    readonly kept: boolean
    readonly classes: number
    /** Of ranges, tables and the outcomes of all classes. */
    readonly bytes: number
    readonly v4: FamilySize
    readonly v6: FamilySize
  }
  readonly columns: readonly ColumnState[]
  /** Columns of policies: their revisions. */
  readonly policies: readonly { readonly revision: string; readonly since: number }[]
  readonly geo: readonly GeoEdition[]
}

export interface CoverageStateDeps {
  readonly held: HeldCoverage
  readonly progress: CoverageProgress
  readonly providers: readonly string[]
  readonly advertisement: (provider: string) => HeldAdvertisement | undefined
}

/** @param policyOf - the revision whose column it is; undefined for those of providers. */
export function coverageState(
  { held, progress, providers, advertisement }: CoverageStateDeps,
  policyOf: (columnId: string) => string | undefined,
): CoverageState {
  const { map, made, geo } = held
  const versions = new Map(map?.columns.map(({ id, version }) => [id, version]))
  const sinceOf = (id: string): number => made?.columns.get(id) ?? 0
  const stateOf = (provider: string): ColumnState => {
    const version = versions.get(provider)
    const used = advertisement(provider)
    const because = made?.skipped.get(provider)
    return {
      provider,
      standing: standingOf(version, used, because),
      ...(version === undefined ? {} : { column: { version, since: sinceOf(provider) } }),
      ...(used === undefined ? {} : { advertisement: used }),
      ...(because === undefined ? {} : { because }),
    }
  }
  return {
    ...progress,
    standing: overallStanding(held, progress),
    ...(map === undefined || made === undefined
      ? {}
      : {
          map: {
            version: map.version,
            madeAt: made.at,
            seconds: made.seconds,
            kept: made.kept,
            classes: map.classCount,
            bytes: map.byteCount,
            v4: map.family(4),
            v6: map.family(6),
          },
        }),
    columns: providers.map(stateOf),
    policies: [...versions.keys()].flatMap((id) => {
      const revision = policyOf(id)
      return revision === undefined ? [] : [{ revision, since: sinceOf(id) }]
    }),
    geo: geo.editions,
  }
}

function overallStanding({ map, made }: HeldCoverage, { compiling, refused }: CoverageProgress): CoverageStanding {
  if (map === undefined) return 'none'
  if (refused !== undefined) return 'refused'
  if (compiling) return 'compiling'
  return made?.kept === true ? 'kept' : 'fresh'
}

function standingOf(
  version: string | undefined,
  used: HeldAdvertisement | undefined,
  skipped: string | undefined,
): ColumnStanding {
  if (used === undefined || used.expired) return 'unused'
  if (version === used.version) return 'current'
  if (version !== undefined) return 'behind'
  return skipped === undefined ? 'missing' : 'skipped'
}
