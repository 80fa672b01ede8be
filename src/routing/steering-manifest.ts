import type { Candidate } from './decision.ts'
import { httpTargetFor } from './redirect-target.ts'

/** What HLS (draft-pantos-content-steering) and DASH (ETSI TS 103 998) players read. */
export interface SteeringManifest {
  readonly VERSION: 1
  /** Seconds until the player asks again. */
  readonly TTL: number
  /** Absolute, or relative to the URL of the manifest itself. */
  readonly 'RELOAD-URI': string
  /** Best first; the pathway ids are the ids of providers. */
  readonly 'PATHWAY-PRIORITY': readonly string[]
  readonly 'PATHWAY-CLONES'?: readonly PathwayClone[]
}

export interface PathwayClone {
  readonly 'BASE-ID': string
  readonly ID: string
  /** Empty `PARAMS` change nothing, but Video.js (http-streaming 3.17) fails without them. */
  readonly 'URI-REPLACEMENT': { readonly HOST: string; readonly PARAMS: Readonly<Record<string, never>> }
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

const PORT = /:\d+$/

/**
 * Pathways for a presentation that names only `base`: the same URLs on the hosts of the other candidates. A target with
 * a path prefix cannot be said this way, so it gets none. Nor does one with a port in HLS, since players replace the
 * name alone there, and ignore what is none.
 */
export function pathwayClones(
  candidates: readonly Candidate[],
  { base, host, format }: { readonly base: string; readonly host: string; readonly format: 'hls' | 'dash' },
): readonly PathwayClone[] {
  return candidates.flatMap(({ provider, redirectTargets }) => {
    const target = provider === base ? undefined : httpTargetFor(redirectTargets, host)?.target
    if (target === undefined || target.includeRedirectingHost || (target.pathPrefix ?? '/') !== '/') return []
    if (format === 'hls' && PORT.test(target.host)) return []
    return [{ 'BASE-ID': base, ID: provider, 'URI-REPLACEMENT': { HOST: target.host, PARAMS: {} } }]
  })
}
