import { describe, expect } from 'vitest'
import type { ProviderAdapter, ProvisionedScope, RemoteScope } from '../../src/adapters/contract.ts'
import { adapterErrorOf } from '../support/adapter-errors.ts'
import { type AbilityTest, type AdapterConformance, someCall, someScope, someUpstream } from './adapter-subject.ts'

/** More scopes than any provider gives on one page. */
const MORE_THAN_A_PAGE = 105

/** Levels 3 to 6: the life of a scope, its upstreams and its credentials, and finding it again. */
export function adapterScopeConformance(suite: AdapterConformance, test: AbilityTest): void {
  describe('a scope', () => scopeTests(suite, test))
  describe('upstreams', () => upstreamTests(suite, test))
  describe('credentials', () => credentialTests(suite, test))
  describe('a scope whose answer was lost', () => recoveryTests(suite, test))
}

function scopeTests({ capabilities }: AdapterConformance, test: AbilityTest): void {
  test([], 'is created with a relay url and credentials that make connect urls', async (subject, adapter) => {
    const scope = await adapter.createScope(someScope(), someCall())
    expect((await subject.scopes()).map(({ id }) => id)).toEqual([scope.scopeId])
    expectCredentialsAsDeclared(scope, capabilities.credentialsAtCreate)
    expect(scope.url).toMatch(/^(?:moqt|https|wss|ws):\/\/[^/?#]+(?:\/[^/?#]+)*$/)
    for (const { secret } of scope.credentials) {
      expect(new URL(`${scope.url}/${secret}`).pathname.split('/').at(-1)).toBe(secret)
    }
  })

  test([], 'is a new one with each creation', async (subject, adapter) => {
    const scopes = await Promise.all([1, 2, 3].map(() => adapter.createScope(someScope(), someCall())))
    expect(new Set(scopes.map(({ scopeId }) => scopeId)).size).toBe(3)
    expect(new Set(scopes.flatMap(({ credentials }) => credentials.map(({ secret }) => secret))).size).toBe(
      3 * capabilities.credentialsAtCreate.length,
    )
    expect(await subject.scopes()).toHaveLength(3)
  })

  test(['delete'], 'is deleted, and deleting it again succeeds and touches no other', async (subject, adapter) => {
    const [kept, gone] = [await create(adapter), await create(adapter)]
    for (const _ of [1, 2, 3]) await adapter.deleteScope?.(gone.scopeId, someCall())
    expect((await subject.scopes()).map(({ id }) => id)).toEqual([kept.scopeId])
  })

  test(['get'], 'is read back', async (_, adapter) => {
    const { scopeId } = await create(adapter)
    expect(await adapter.getScope?.(scopeId, someCall())).toMatchObject({ scopeId })
  })

  test(['get', 'delete'], 'is absent once it is deleted', async (_, adapter) => {
    const { scopeId } = await create(adapter)
    await adapter.deleteScope?.(scopeId, someCall())
    expect(await adapter.getScope?.(scopeId, someCall())).toBeUndefined()
  })

  test(['list'], 'is listed once, over as many pages as there are', async (_, adapter) => {
    const ids = await createMany(adapter)
    const listed = await listAll(adapter)
    expect(listed.map(({ scopeId }) => scopeId).sort()).toEqual(ids.sort())
  })

  test(['list'], 'can be the last that is read of a list', async (subject, adapter) => {
    await createMany(adapter)
    const before = subject.requestCount()
    for await (const { scopeId } of adapter.listScopes?.(someCall()) ?? []) {
      expect(scopeId).not.toBe('')
      break
    }
    expect(subject.requestCount()).toBe(before + 1)
  })

  test(['list', 'adoptByLabel'], 'is listed with its label', async (_, adapter) => {
    const input = someScope()
    const { scopeId } = await adapter.createScope(input, someCall())
    expect(await listAll(adapter)).toMatchObject([{ scopeId, label: input.label }])
  })
}

function upstreamTests({ capabilities }: AdapterConformance, test: AbilityTest): void {
  const hostsOf = async (subject: { scopes(): Promise<readonly { upstreams: readonly string[] }[]> }) =>
    (await subject.scopes()).flatMap(({ upstreams }) => upstreams)

  test(['configAtCreate'], 'are taken at creation', async (subject, adapter) => {
    await adapter.createScope(someScope([someUpstream(capabilities)]), someCall())
    expect(await hostsOf(subject)).toEqual(['primary.example'])
  })

  test([], 'are refused, before anything is sent, where they are not as declared', async (subject, adapter) => {
    const tooMany = Array.from({ length: capabilities.maxUpstreams + 1 }, () => someUpstream(capabilities))
    const refused = [tooMany, ['gopher://primary.example/planted-token'], ['planted-token']]
    if (!capabilities.configAtCreate) refused.push([someUpstream(capabilities)])
    for (const upstreams of refused) {
      const error = await adapterErrorOf(adapter.createScope(someScope(upstreams), someCall()))
      expect(error).toMatchObject({ kind: 'unsupported', effect: 'none' })
      expect(error.message).not.toContain('planted')
      if (adapter.setUpstreams === undefined || upstreams.length <= capabilities.maxUpstreams) continue
      const update = await adapterErrorOf(adapter.setUpstreams('any', upstreams, someCall()))
      expect(update).toMatchObject({ kind: 'unsupported', effect: 'none' })
    }
    expect(subject.requestCount()).toBe(0)
  })

  test(['updateConfig'], 'are set, set again, replaced and cleared', async (subject, adapter) => {
    const { scopeId } = await create(adapter)
    expect(await hostsOf(subject)).toEqual([])
    for (const host of ['first.example', 'first.example', 'second.example']) {
      await adapter.setUpstreams?.(scopeId, [someUpstream(capabilities, host)], someCall())
      expect(await hostsOf(subject)).toEqual([host])
    }
    for (const _ of [1, 2]) await adapter.setUpstreams?.(scopeId, [], someCall())
    expect(await hostsOf(subject)).toEqual([])
  })

  test(['updateConfig'], 'keep their order, up to as many as declared', async (subject, adapter) => {
    const { scopeId } = await create(adapter)
    const hosts = Array.from({ length: capabilities.maxUpstreams }, (_, index) => `origin-${index}.example`)
    const upstreams = hosts.map((host) => someUpstream(capabilities, host))
    await adapter.setUpstreams?.(scopeId, upstreams, someCall())
    expect(await hostsOf(subject)).toEqual(hosts)
  })

  test(['updateConfig', 'get'], 'are read back as they were set', async (_, adapter) => {
    const { scopeId } = await create(adapter)
    const read = async () => (await adapter.getScope?.(scopeId, someCall()))?.upstreams
    expect(await read()).toEqual([])
    const upstreams = [someUpstream(capabilities)]
    await adapter.setUpstreams?.(scopeId, upstreams, someCall())
    expect(await read()).toEqual(upstreams)
    await adapter.setUpstreams?.(scopeId, [], someCall())
    expect(await read()).toEqual([])
  })

  test(['updateConfig', 'delete'], 'cannot be set on a scope that is gone', async (_, adapter) => {
    const { scopeId } = await create(adapter)
    await adapter.deleteScope?.(scopeId, someCall())
    const update = adapter.setUpstreams?.(scopeId, [], someCall()) ?? Promise.resolve()
    expect(await adapterErrorOf(update)).toMatchObject({ kind: 'not_found', effect: 'none' })
  })
}

function credentialTests({ capabilities }: AdapterConformance, test: AbilityTest): void {
  test(['mintCredential'], 'are minted with exactly the rights asked for', async (_, adapter) => {
    const scope = await create(adapter)
    const known = new Set(scope.credentials.map(({ secret }) => secret))
    for (const rights of [['subscribe'], ['publish'], ['publish', 'subscribe']] as const) {
      const credential = await adapter.mintCredential?.(scope.scopeId, rights, someCall())
      expect(credential?.rights.toSorted()).toEqual(rights)
      expect(credential?.remoteId).toMatch(/./)
      expect(known).not.toContain(credential?.secret)
      known.add(credential?.secret ?? '')
    }
  })

  test(['mintCredential', 'revokeCredential'], 'are revoked, and again without complaint', async (_, adapter) => {
    const { scopeId } = await create(adapter)
    const credential = await adapter.mintCredential?.(scopeId, ['subscribe'], someCall())
    for (const __ of [1, 2]) await adapter.revokeCredential?.(scopeId, credential?.remoteId ?? '', someCall())
  })

  test(['revokeCredential', 'delete'], 'of a scope that is gone count as revoked', async (_, adapter) => {
    const { scopeId } = await create(adapter)
    const credential = await adapter.mintCredential?.(scopeId, ['subscribe'], someCall())
    await adapter.deleteScope?.(scopeId, someCall())
    await adapter.revokeCredential?.(scopeId, credential?.remoteId ?? '', someCall())
  })

  test(['mintCredential', 'credentialLimit'], 'are refused as quota beyond the limit', async (_, adapter) => {
    const { scopeId, credentials } = await create(adapter)
    const mint = () => adapter.mintCredential?.(scopeId, ['subscribe'], someCall()) ?? Promise.resolve()
    for (let count = credentials.length; count < (capabilities.credentialLimit ?? 0); count += 1) await mint()
    expect(await adapterErrorOf(mint())).toMatchObject({ kind: 'quota', effect: 'none' })
  })
}

function recoveryTests({ capabilities }: AdapterConformance, test: AbilityTest): void {
  test(
    [],
    'is made again by a second creation, unless that has the same key and is idempotent',
    async (subject, adapter) => {
      const input = someScope()
      const first = await adapter.createScope(input, someCall({ idempotencyKey: 'key-1' }))
      const second = await adapter.createScope(input, someCall({ idempotencyKey: 'key-1' }))
      expect(await subject.scopes()).toHaveLength(capabilities.idempotentCreate ? 1 : 2)
      if (capabilities.idempotentCreate) expect(second).toEqual(first)
      await adapter.createScope(input, someCall({ idempotencyKey: 'key-2' }))
      expect(await subject.scopes()).toHaveLength(capabilities.idempotentCreate ? 2 : 3)
    },
  )

  for (const fault of [{ reset: 'after' }, { stall: 'after' }, { garbage: 'text' }] as const) {
    const lost = `the answer was lost (${JSON.stringify(fault)})`

    test(['idempotentCreate'], `is answered to the same key after ${lost}`, async (subject, adapter) => {
      const input = someScope()
      const call = someCall({ idempotencyKey: 'key-1' })
      await subject.setFault({ ...fault, times: 1 })
      expect((await adapterErrorOf(adapter.createScope(input, call))).effect).toBe('unknown')
      const scope = await adapter.createScope(input, call)
      expect((await subject.scopes()).map(({ id }) => id)).toEqual([scope.scopeId])
    })

    test(['adoptByLabel'], `is adopted with fresh credentials after ${lost}`, async (subject, adapter) => {
      const input = someScope()
      await subject.setFault({ ...fault, times: 1 })
      expect((await adapterErrorOf(adapter.createScope(input, someCall()))).effect).toBe('unknown')
      const scope = await adapter.adoptScope?.(input.label, someCall())
      expect((await subject.scopes()).map(({ id }) => id)).toEqual([scope?.scopeId])
      if (scope === undefined) throw new Error('nothing was adopted')
      expectCredentialsAsDeclared(scope, capabilities.credentialsAtCreate)
      const next = await create(adapter)
      expect(scope.url).toBe(next.url)
    })
  }

  test(['adoptByLabel'], 'can be adopted any number of times', async (_, adapter) => {
    const input = someScope()
    await adapter.createScope(input, someCall())
    const secrets = new Set<string>()
    for (let count = 1; count <= 12; count += 1) {
      const scope = await adapter.adoptScope?.(input.label, someCall())
      for (const { secret } of scope?.credentials ?? []) secrets.add(secret)
      expect(secrets.size).toBe(count * capabilities.credentialsAtCreate.length)
    }
  })

  test(
    ['adoptByLabel', 'mintCredential', 'credentialLimit'],
    'is adopted though it holds all the credentials it may, and then holds only the fresh ones',
    async (_, adapter) => {
      const input = someScope()
      const { scopeId, credentials } = await adapter.createScope(input, someCall())
      const mint = () => adapter.mintCredential?.(scopeId, ['subscribe'], someCall()) ?? Promise.resolve()
      for (const __ of [1, 2]) {
        for (let held = credentials.length; held < (capabilities.credentialLimit ?? 0); held += 1) await mint()
        expect((await adapterErrorOf(mint())).kind).toBe('quota')
        await adapter.adoptScope?.(input.label, someCall())
      }
    },
  )

  test(['adoptByLabel'], 'is found among many pages, and nothing where there is none', async (subject, adapter) => {
    const input = someScope()
    const { scopeId } = await adapter.createScope(input, someCall())
    await createMany(adapter)
    const newest = someScope()
    const last = await adapter.createScope(newest, someCall())
    expect((await adapter.adoptScope?.(input.label, someCall()))?.scopeId).toBe(scopeId)
    expect((await adapter.adoptScope?.(newest.label, someCall()))?.scopeId).toBe(last.scopeId)
    expect(await adapter.adoptScope?.(someScope().label, someCall())).toBeUndefined()
    expect(await subject.scopes()).toHaveLength(MORE_THAN_A_PAGE + 2)
  })

  test(['adoptByLabel'], 'is never called absent because a read failed', async (subject, adapter) => {
    const input = someScope()
    await adapter.createScope(input, someCall())
    for (const fault of [{ status: 404 }, { status: 500 }, { garbage: 'shape' }, { garbage: 'text' }] as const) {
      await subject.setFault(fault)
      const adoption = adapter.adoptScope?.(input.label, someCall()) ?? Promise.resolve()
      expect((await adapterErrorOf(adoption)).operation).toBe('adoptScope')
    }
  })
}

function create(adapter: ProviderAdapter): Promise<ProvisionedScope> {
  return adapter.createScope(someScope(), someCall())
}

async function createMany(adapter: ProviderAdapter): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < MORE_THAN_A_PAGE) {
    const batch = Array.from({ length: 15 }, () => create(adapter))
    for (const { scopeId } of await Promise.all(batch)) ids.push(scopeId)
  }
  return ids
}

async function listAll(adapter: ProviderAdapter): Promise<RemoteScope[]> {
  const scopes: RemoteScope[] = []
  for await (const scope of adapter.listScopes?.(someCall()) ?? []) scopes.push(scope)
  return scopes
}

function expectCredentialsAsDeclared(scope: ProvisionedScope, declared: readonly (readonly string[])[]): void {
  expect(scope.credentials.map(({ rights }) => rights.toSorted())).toEqual(declared)
  expect(new Set(scope.credentials.map(({ secret }) => secret)).size).toBe(declared.length)
}
