import type { FootprintNamespace } from '../../fci/named/named-footprint.ts'
import { namedReferencesIn } from '../../fci/named/named-references.ts'
import { buildNamedRegistry, type NamedRegistry } from '../../fci/named/named-registry.ts'
import { readOwnNamespace } from '../../federation/own-namespace.ts'
import { BrokerError } from '../broker-error.ts'
import type { Log } from '../log.ts'
import { type Store, StoreError } from '../store/store.ts'
import {
  deleteNamespaceRecord,
  type FootprintRecord,
  type HeldNamespace,
  listNamespaceRecords,
  type NamespaceRecord,
  putNamespaceRecord,
  readNamespaceRecord,
} from './footprint-record.ts'

export interface NamespaceChange {
  readonly type: 'coverage' | 'resource'
  readonly ttlSeconds: number
  readonly peers: readonly string[] | undefined
}

/** The named footprints that we publish, held in memory. Changes throw `BrokerError` and `StoreError`. */
export interface OwnFootprints {
  /** By name. */
  list(): readonly HeldNamespace[]
  find(namespace: string): HeldNamespace | undefined
  /** As readers understand it at this moment. */
  modelOf(record: NamespaceRecord): FootprintNamespace | undefined
  /** For resolving references to them. */
  registry(): NamedRegistry
  uriOf(namespace: string, footprint: string): string
  putNamespace(name: string, change: NamespaceChange, by: string): Promise<HeldNamespace & { readonly isNew: boolean }>
  deleteNamespace(name: string, by: string): Promise<void>
  putFootprint(
    namespace: string,
    footprint: FootprintRecord,
    by: string,
  ): Promise<HeldNamespace & { readonly isNew: boolean }>
  deleteFootprint(namespace: string, name: string, by: string): Promise<void>
  /** Reads what other processes have changed. */
  refresh(): Promise<void>
}

export interface OwnFootprintsDeps {
  readonly store: Store
  /** Without a slash at the end; empty: none is configured. */
  readonly publicUrl: string
  /** Where a URI is referred to, in words, outside of these footprints. */
  readonly referencesTo: (uri: string) => readonly string[]
  readonly now: () => number
  readonly log: Log
}

const ATTEMPTS = 5
const MAX_FOOTPRINTS = 2_000
const MAX_NAMESPACES = 100
const MAX_NAMED_REFERENCES = 20

export function createOwnFootprints(deps: OwnFootprintsDeps): OwnFootprints {
  const { store, now, log } = deps
  let held = new Map<string, HeldNamespace>()

  const uriOf = (namespace: string, footprint: string): string =>
    `${deps.publicUrl}/fci/footprints/${encodeURIComponent(namespace)}/${encodeURIComponent(footprint)}`

  function note(name: string, namespace: HeldNamespace | undefined, what: string, by: string): void {
    held = new Map(held)
    if (namespace === undefined) held.delete(name)
    else held.set(name, namespace)
    log('footprint.changed', { namespace: name, change: what, by })
  }

  /** Refuses what its readers could not understand as it is meant. */
  function check(record: NamespaceRecord): void {
    const { faults } = readOwnNamespace(record, now(), uriOf)
    const [first] = faults
    if (first === undefined) return
    throw new BrokerError('invalid_request', `The namespace ${record.name} would not be sound: ${first}.`, {
      faults: faults.slice(0, MAX_NAMED_REFERENCES).map((detail) => ({ pointer: '/footprint-def', detail })),
    })
  }

  /** Whatever refers to a URI: who publishes it must not retire it then ([NF] 2.1). */
  function refuseIfReferred(uri: string, what: string): void {
    const inside = [...held.values()].flatMap(({ record }) =>
      record.footprints
        .filter(({ definition }) => namedReferencesIn(definition).some((reference) => reference.uri === uri))
        .map(({ name }) => `the footprint ${record.name}/${name}`),
    )
    const all = [...inside, ...deps.referencesTo(uri)]
    if (all.length === 0) return
    const shown = all.slice(0, MAX_NAMED_REFERENCES)
    throw new BrokerError('invalid_state', `${what} cannot be retired: ${shown.join(', ')} refer to it.`, {
      faults: shown.map((detail) => ({ detail: `${detail} refers to ${uri}` })),
    })
  }

  const present = async (name: string): Promise<HeldNamespace> => {
    const found = await readNamespaceRecord(store, name)
    if (found === undefined) throw new BrokerError('not_found', `There is no footprint namespace ${name}.`)
    return found
  }

  async function write(found: HeldNamespace, record: NamespaceRecord): Promise<HeldNamespace> {
    const [revision = found.revision + 1] = await store.commit([
      putNamespaceRecord(record, { revision: found.revision }),
    ])
    return { record, revision }
  }

  return {
    list: () => [...held.values()].sort((a, b) => (a.record.name < b.record.name ? -1 : 1)),
    find: (namespace) => held.get(namespace),
    modelOf: (record) => readOwnNamespace(record, now(), uriOf).namespace,
    registry() {
      const namespaces = [...held.values()].flatMap(
        ({ record }) => readOwnNamespace(record, now(), uriOf).namespace ?? [],
      )
      return buildNamedRegistry(
        [{ document: { kind: 'namespaces', namespaces, diagnostics: [] }, fetchedAt: now() }],
        0,
      )
    },
    uriOf,
    async putNamespace(name, change, by) {
      if (deps.publicUrl === '') throw noPublicUrl()
      return retryConflicts(async () => {
        const found = await readNamespaceRecord(store, name)
        if (found === undefined && held.size >= MAX_NAMESPACES) {
          throw new BrokerError('invalid_state', `There are ${MAX_NAMESPACES} namespaces already.`)
        }
        const record: NamespaceRecord = {
          v: 1,
          name,
          type: change.type,
          ttlSeconds: change.ttlSeconds,
          ...(change.peers === undefined ? {} : { peers: change.peers }),
          footprints: found?.record.footprints ?? [],
          changedAt: now(),
          changedBy: by,
        }
        const expect = found === undefined ? 'absent' : { revision: found.revision }
        const [revision = 1] = await store.commit([putNamespaceRecord(record, expect)])
        note(name, { record, revision }, 'namespace', by)
        return { record, revision, isNew: found === undefined }
      })
    },
    async deleteNamespace(name, by) {
      await retryConflicts(async () => {
        const found = await present(name)
        for (const footprint of found.record.footprints) {
          refuseIfReferred(uriOf(name, footprint.name), `The namespace ${name}`)
        }
        await store.commit([deleteNamespaceRecord(found)])
        note(name, undefined, 'namespace deleted', by)
      })
    },
    async putFootprint(namespace, footprint, by) {
      return retryConflicts(async () => {
        const found = await present(namespace)
        const isNew = found.record.footprints.every(({ name }) => name !== footprint.name)
        if (isNew && found.record.footprints.length >= MAX_FOOTPRINTS) {
          throw new BrokerError('invalid_state', `${namespace} has ${MAX_FOOTPRINTS} footprints already.`)
        }
        const others = found.record.footprints.map((one) => (one.name === footprint.name ? footprint : one))
        const footprints = isNew ? [...others, footprint] : others
        const record = { ...found.record, footprints, changedAt: now(), changedBy: by }
        check(record)
        const written = await write(found, record)
        note(namespace, written, footprint.name, by)
        return { ...written, isNew }
      })
    },
    async deleteFootprint(namespace, name, by) {
      await retryConflicts(async () => {
        const found = await present(namespace)
        const { footprints } = found.record
        if (footprints.every((one) => one.name !== name)) {
          throw new BrokerError('not_found', `There is no footprint ${name} in ${namespace}.`)
        }
        const below = footprints.filter(({ parent }) => parent === name).map((one) => one.name)
        if (below.length > 0) {
          const list = below.slice(0, MAX_NAMED_REFERENCES).join(', ')
          throw new BrokerError('invalid_state', `${name} cannot be retired: ${list} are below it.`, {
            faults: below.slice(0, MAX_NAMED_REFERENCES).map((child) => ({ detail: `${child} is below it` })),
          })
        }
        refuseIfReferred(uriOf(namespace, name), `The footprint ${namespace}/${name}`)
        const record = {
          ...found.record,
          footprints: footprints.filter((one) => one.name !== name),
          changedAt: now(),
          changedBy: by,
        }
        note(namespace, await write(found, record), `${name} deleted`, by)
      })
    },
    async refresh() {
      held = new Map((await listNamespaceRecords(store)).map((one) => [one.record.name, one]))
    },
  }
}

function noPublicUrl(): BrokerError {
  return new BrokerError(
    'invalid_state',
    'Named footprints are referred to by absolute URIs; set public_url in the configuration first.',
  )
}

/** Somebody else changed the namespace at the same time: look again. */
async function retryConflicts<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS - 1; ; left -= 1) {
    try {
      return await attempt()
    } catch (error) {
      if (left === 0 || !(error instanceof StoreError) || error.code !== 'conflict') throw error
    }
  }
}
