import type { Advertisement } from '../../fci/advertisement.ts'
import { versionOf } from '../../fci/advertisement-version.ts'
import { leadsThrough } from '../../fci/cdn-path.ts'
import { parseAdvertisementText } from '../../fci/parse-advertisement.ts'

export interface AdvertisementReading {
  /** How footprint types in one list combine. */
  readonly combination: 'and' | 'or'
  /** Our CDN Provider ID, where we republish: what leads through us is not ours to use. */
  readonly ownId?: string
}

/** What a text advertises, and the version of that. */
export interface ReadAdvertisement {
  readonly model: Advertisement
  readonly version: string
}

/** Throws `AdvertisementError` for what is no advertisement. */
export function readAdvertisement(text: string, { combination, ownId }: AdvertisementReading): ReadAdvertisement {
  const model = withoutLoops(parseAdvertisementText(text, { combination }), ownId)
  return { model, version: versionOf(model) }
}

/** Leaves out what came through ourselves: a client sent there would come back ([REQ] R14). */
function withoutLoops(model: Advertisement, ownId: string | undefined): Advertisement {
  if (ownId === undefined) return model
  const capabilities = model.capabilities.filter(({ cdnPath = [] }) => !leadsThrough(cdnPath, ownId))
  return capabilities.length === model.capabilities.length ? model : { ...model, capabilities }
}
