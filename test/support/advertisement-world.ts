import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import {
  type AdvertisementBoard,
  type AdvertisementBoardDeps,
  createAdvertisementBoard,
} from '../../src/broker/advertisements/advertisement-board.ts'
import { plainReader } from '../../src/broker/advertisements/advertisement-reader.ts'
import { ConfigSchema } from '../../src/broker/config/config-schema.ts'
import { createGuardedFetcher, type GuardedFetcher } from '../../src/broker/outbound/guarded-fetch.ts'
import { sleep } from '../../src/broker/repeat.ts'
import { openStore } from '../../src/broker/store/open-store.ts'
import type { Store } from '../../src/broker/store/store.ts'
import { type ApiRecorder, type Reply, startApiRecorder } from './api-recorder.ts'

export const PROVIDER = 'cdn-a'
const START = Date.UTC(2026, 10, 21)

/** An advertisement of `https/1.1` for these countries. */
export function advertisementFor(...countries: readonly string[]): { readonly capabilities: readonly unknown[] } {
  if (countries.length === 0) return { capabilities: [] }
  return {
    capabilities: [
      {
        'capability-type': 'FCI.DeliveryProtocol',
        'capability-value': { 'delivery-protocols': ['https/1.1'] },
        footprints: [{ 'footprint-type': 'countrycode', 'footprint-value': countries }],
      },
    ],
  }
}

/** A reply with an advertisement. */
export function document(json: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 200, json, headers: { 'content-type': 'application/cdni', ...headers } }
}

const CountriesSchema = z.array(z.string())

/** The countries of the advertisement in use; `undefined` where there is none. */
export function countriesIn(board: AdvertisementBoard): readonly string[] | undefined {
  const held = board.get(PROVIDER)
  if (held === undefined) return undefined
  return held.model.capabilities.flatMap(({ footprint }) =>
    footprint.kind === 'global'
      ? ['everywhere']
      : footprint.anyOf.flatMap(({ countries }) => CountriesSchema.parse(countries ?? [])),
  )
}

/** A provider that answers as it is told, and boards that consume its advertisement; all on this machine. */
export class AdvertisementWorld implements AsyncDisposable {
  readonly peer: ApiRecorder
  readonly logged: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = []
  store: Store
  now = START
  readonly #folder: string
  readonly #fetcher: GuardedFetcher
  readonly #stops: AbortController[] = []

  private constructor(peer: ApiRecorder, store: Store, folder: string) {
    this.peer = peer
    this.store = store
    this.#folder = folder
    this.#fetcher = createGuardedFetcher({ privateHosts: ['127.0.0.1'], now: () => this.now })
  }

  static async start(): Promise<AdvertisementWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'moq-broker-advertisements-'))
    const store = await openStore({ kind: 'embedded', path: folder }, { now: Date.now, log: { warn: () => {} } })
    return new AdvertisementWorld(await startApiRecorder(), store, folder)
  }

  /** A board with one provider; a second one on the same store is another replica, or the same after a restart. */
  board(
    provider: Readonly<Record<string, unknown>> = {},
    overrides: Partial<AdvertisementBoardDeps> = {},
  ): AdvertisementBoard & { stop(): void } {
    const fci = { url: `${this.peer.url}/OC/FCI/advertisement`, ...z.looseObject({}).catch({}).parse(provider['fci']) }
    const entry = provider['fci_file'] === undefined ? { fci } : {}
    const config = ConfigSchema.parse({ providers: [{ id: PROVIDER, adapter: 'draft-http', ...provider, ...entry }] })
    const stop = new AbortController()
    this.#stops.push(stop)
    const made = createAdvertisementBoard({
      store: this.store,
      fetcher: this.#fetcher,
      providers: config.providers,
      tokens: new Map([[PROVIDER, 'fci-token-0123456789']]),
      reader: plainReader,
      publicUrl: 'https://broker.example',
      notificationSecret: (id) => `secret-of-${id}`,
      instance: `instance-${this.#stops.length}`,
      now: () => this.now,
      random: () => 0.5,
      sleep,
      signal: stop.signal,
      log: (event, fields) => this.logged.push({ event, fields }),
      ...overrides,
    })
    return { ...made, stop: () => stop.abort() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#stops) stop.abort()
    await this.#fetcher[Symbol.asyncDispose]()
    await this.peer[Symbol.asyncDispose]()
    await this.store[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
