import type { Candidate } from './decision.ts'
import { httpTargetFor } from './redirect-target.ts'

/** What HLS (draft-pantos-content-steering) and DASH (ETSI TS 103 998) players read. */
export interface SteeringManifest {
  readonly VERSION: 1
  /** Seconds until the player asks again. */
  readonly TTL: number
  /** Relative to the URL of the manifest itself. */
  readonly 'RELOAD-URI': string
  /** Best first; the pathway ids are the ids of providers. */
  readonly 'PATHWAY-PRIORITY': readonly string[]
  readonly 'PATHWAY-CLONES'?: readonly PathwayClone[]
}

export interface PathwayClone {
  readonly 'BASE-ID': string
  readonly ID: string
  readonly 'URI-REPLACEMENT': { readonly HOST: string }
}

/** The order of the decision, with penalised pathways behind the others. */
export function pathwayPriority(
  candidates: readonly Candidate[],
  penalties: Readonly<Record<string, number>>,
): readonly string[] {
  const ids = candidates.map(({ provider }) => provider)
  const isPenalised = (id: string): boolean => Object.hasOwn(penalties, id)
  return [...ids.filter((id) => !isPenalised(id)), ...ids.filter(isPenalised)]
}

/**
 * Pathways for a presentation that names only `base`: the same URLs on the hosts of the other candidates. A target with
 * a path prefix cannot be said this way, so it gets none.
 */
export function pathwayClones(candidates: readonly Candidate[], base: string, host: string): readonly PathwayClone[] {
  return candidates.flatMap(({ provider, redirectTargets }) => {
    const target = provider === base ? undefined : httpTargetFor(redirectTargets, host)?.target
    if (target === undefined || target.includeRedirectingHost || (target.pathPrefix ?? '/') !== '/') return []
    return [{ 'BASE-ID': base, ID: provider, 'URI-REPLACEMENT': { HOST: target.host } }]
  })
}
