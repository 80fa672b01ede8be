import type { LoadedConfig } from '../config/load-config.ts'
import { createFootprintSources, type FootprintSources } from '../footprint-sources/footprint-sources.ts'
import { loadAside } from '../footprint-sources/load-in-thread.ts'
import { neededSources } from '../footprint-sources/needed-sources.ts'
import type { Log } from '../log.ts'
import { createGuardedFetcher, type GuardedFetcher } from '../outbound/guarded-fetch.ts'
import { privateHostsOf } from '../outbound/private-hosts.ts'
import { sleep } from '../repeat.ts'
import type { Store } from '../store/store.ts'
import { type AdvertisementBoard, createAdvertisementBoard } from './advertisement-board.ts'
import { originsOf } from './advertisement-load.ts'
import type { AdvertisementReader } from './advertisement-reader.ts'

export interface ConsumingDeps {
  readonly loaded: Pick<LoadedConfig, 'config' | 'secrets'>
  readonly store: Store
  readonly notificationSecret: (provider: string) => string
  readonly instance: string
  readonly now: () => number
  readonly random: () => number
  readonly reader: AdvertisementReader
  readonly signal: AbortSignal
  readonly log: Log
}

/** What reads the documents of other CDNs. The fetcher must be disposed of, when nothing is fetched any more. */
export interface Consuming {
  readonly fetcher: GuardedFetcher
  readonly advertisements: AdvertisementBoard
  readonly sources: FootprintSources
}

/** Makes what reads advertisements and all that they refer to. Nothing is fetched before the background runs. */
export function startConsuming({ loaded: { config, secrets }, ...deps }: ConsumingDeps): Consuming {
  const { providers, federation } = config
  const fetcher = createGuardedFetcher({ privateHosts: privateHostsOf(config), now: deps.now })
  const advertisements = createAdvertisementBoard({
    ...deps,
    fetcher,
    providers,
    tokens: secrets.fciTokens,
    ...(config.public_url === undefined ? {} : { publicUrl: config.public_url }),
    ...(federation === undefined ? {} : { ownId: federation.provider_id }),
    sleep,
  })
  const sources = createFootprintSources({
    ...deps,
    fetcher,
    load: loadAside,
    files: config.footprint_sources,
    geofeeds: config.geofeeds,
    needed: () =>
      neededSources(
        providers.flatMap(({ id: provider }) => {
          const model = advertisements.get(provider)?.model
          return model === undefined ? [] : [{ provider, model }]
        }),
      ),
    originsOf: (id) => {
      const fci = providers.find((provider) => provider.id === id)?.fci
      return fci === undefined ? [] : originsOf(fci)
    },
  })
  return { fetcher, advertisements, sources }
}
