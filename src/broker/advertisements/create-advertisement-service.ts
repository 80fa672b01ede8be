import { BrokerError } from '../broker-error.ts'
import type { ProviderConfig } from '../config/config-schema.ts'
import type { AdvertisementBoard } from './advertisement-board.ts'
import type { HeldBackAdvertisement } from './advertisement-intake.ts'
import type { AdvertisementReader } from './advertisement-reader.ts'
import type { AdvertisementService, AdvertisementView, HeldBackView } from './advertisement-service.ts'

export interface AdvertisementServiceDeps {
  readonly providers: readonly ProviderConfig[]
  readonly advertisements: AdvertisementBoard
  readonly reader: Pick<AdvertisementReader, 'show'>
}

export function createAdvertisementService({
  providers,
  advertisements,
  reader,
}: AdvertisementServiceDeps): AdvertisementService {
  const configs = new Map(providers.map((config) => [config.id, config]))

  function configOf(provider: string): ProviderConfig {
    const config = configs.get(provider)
    if (config === undefined) throw new BrokerError('not_found', `there is no provider "${provider}"`)
    return config
  }

  return {
    async get(provider) {
      const config = configOf(provider)
      const held = advertisements.get(provider)
      const said = advertisements.unresolved(provider)
      if (held === undefined || said === undefined) return undefined
      const following = advertisements.following(provider)
      const error = advertisements.error(provider)
      const heldBack = advertisements.heldBack(provider)
      return {
        provider,
        profile: profileOf(config),
        version: held.version,
        fetchedAt: held.fetchedAt,
        confirmedAt: held.confirmedAt,
        stale: held.stale,
        expired: held.expired,
        ...limitsOf(advertisements, provider),
        ...(following === undefined ? {} : { following }),
        ...(error === undefined ? {} : { error }),
        ...(heldBack === undefined ? {} : { heldBack: heldBackView(heldBack) }),
        diagnostics: [...said.model.diagnostics, ...said.footprintDiagnostics],
        unresolved: said.unresolved,
        ...(said.footprintError === undefined ? {} : { footprintError: said.footprintError }),
        advertisement: await reader.show(said.model),
      }
    },
    async history(provider) {
      configOf(provider)
      return advertisements.history(provider)
    },
    async confirm(provider, version, by) {
      configOf(provider)
      const heldBack = advertisements.heldBack(provider)
      if (version !== undefined && heldBack !== undefined && heldBack.version !== version) {
        throw new BrokerError('invalid_state', `"${provider}" advertises another version by now: ${heldBack.version}`)
      }
      await advertisements.confirm(provider, by)
    },
    notified: (provider, secret, text) => advertisements.notified(provider, secret, text),
    notificationLimit: (provider) => advertisements.notificationLimit(provider),
  }
}

export function heldBackView(held: HeldBackAdvertisement): HeldBackView {
  const { version, since, lastSeenAt, lostShare, because, acceptedAt } = held
  return { version, since, lastSeenAt, lostShare, because, acceptedAt }
}

function profileOf({ fci }: ProviderConfig): AdvertisementView['profile'] {
  return fci === undefined ? 'file' : fci.profile
}

function limitsOf(
  advertisements: AdvertisementBoard,
  provider: string,
): Pick<AdvertisementView, 'staleAfterSeconds' | 'expireAfterSeconds'> {
  const { staleSeconds, expireSeconds } = advertisements.limits(provider)
  return {
    ...(Number.isFinite(staleSeconds) ? { staleAfterSeconds: staleSeconds } : {}),
    ...(Number.isFinite(expireSeconds) ? { expireAfterSeconds: expireSeconds } : {}),
  }
}
