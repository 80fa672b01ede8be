import type { AdvertisementChange } from '../../src/broker/advertisements/advertisement-records.ts'
import type { AdvertisementService, AdvertisementView } from '../../src/broker/advertisements/advertisement-service.ts'
import { BrokerError } from '../../src/broker/broker-error.ts'

const AT = Date.UTC(2026, 10, 21)
export const NOTIFICATION_LIMIT = 2_000

/** `alpha` has an advertisement and one held back; `beta` has none; `alpha` sends its changes under the secret `right`. */
export class FakeAdvertisements implements AdvertisementService {
  readonly confirmed: { readonly provider: string; readonly version: string | undefined; readonly by: string }[] = []
  readonly received: string[] = []

  async get(provider: string): Promise<AdvertisementView | undefined> {
    this.#check(provider)
    if (provider !== 'alpha') return undefined
    return {
      provider,
      profile: 'svta',
      version: 'abc',
      fetchedAt: AT - 60_000,
      confirmedAt: AT - 12_000,
      stale: false,
      expired: false,
      staleAfterSeconds: 600,
      following: 'on',
      heldBack: {
        version: 'def',
        since: AT - 5_000,
        lastSeenAt: AT,
        lostShare: 0.75,
        because: 'it loses 75 % of the coverage, the limit is 50 %',
        acceptedAt: AT + 900_000,
      },
      diagnostics: [{ severity: 'warning', code: 'unknown-type', message: 'unknown', pointer: '/capabilities/0' }],
      unresolved: [{ uri: 'https://a.example/FCI/footprints/default/us', why: 'unknown' }],
      footprintError: 'a.example answered 503 to the request for a named footprint',
      advertisement: {
        capabilities: [
          { 'capability-type': 'FCI.DeliveryProtocol', 'capability-value': { 'delivery-protocols': ['https/1.1'] } },
        ],
      },
    }
  }

  async history(provider: string): Promise<readonly AdvertisementChange[]> {
    this.#check(provider)
    return [
      {
        at: AT,
        kind: 'held_back',
        version: 'def',
        previousVersion: 'abc',
        via: 'poll',
        lostShare: 0.75,
        because: 'it loses 75 % of the coverage, the limit is 50 %',
        differences: ['delivery loses 3 countries (4 before, 1 now), e.g. FR, IT, PL'],
      },
    ]
  }

  async confirm(provider: string, version: string | undefined, by: string): Promise<void> {
    this.#check(provider)
    if (provider !== 'alpha') throw new BrokerError('invalid_state', 'nothing is held back')
    this.confirmed.push({ provider, version, by })
  }

  async notified(provider: string, secret: string, text: string): Promise<void> {
    if (provider !== 'alpha' || secret !== 'right') throw new BrokerError('not_found', 'nobody is subscribed here')
    this.received.push(text)
  }

  notificationLimit(provider: string): number | undefined {
    return provider === 'alpha' ? NOTIFICATION_LIMIT : undefined
  }

  #check(provider: string): void {
    if (provider !== 'alpha' && provider !== 'beta') throw new BrokerError('not_found', `there is no ${provider}`)
  }
}
