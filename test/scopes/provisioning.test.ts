import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BrokerError } from '../../src/broker/broker-error.ts'
import { openProvisioningWorld, type ProvisioningWorld } from '../support/provisioning-world.ts'

let world: ProvisioningWorld
const by = { by: 'test' }

async function orphans(): Promise<unknown[]> {
  const stored = await world.store.list('orphans', { limit: 10 })
  return stored.map((orphan): unknown => JSON.parse(orphan.value))
}

beforeEach(async () => {
  world = await openProvisioningWorld()
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

async function created(request: Parameters<ProvisioningWorld['scopes']['create']>[0] = {}) {
  const accepted = await world.scopes.create(request, by)
  const operation = await accepted.ended
  const scope = await world.scopes.get(accepted.scope)
  return { operation, scope, id: accepted.scope }
}

function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof BrokerError ? error.code : String(error)),
  )
}

describe('creation', () => {
  it('places a scope on all three kinds of CDN and points both secondaries at the primary', async () => {
    const { scope, operation } = await created({ name: 'match 7' })
    expect(operation.state).toBe('succeeded')
    expect(scope).toMatchObject({ name: 'match 7', state: 'ready', primary: 'cdn-a' })
    expect(
      scope?.placements.map(({ provider, role, state, fallback }) => ({
        provider,
        role,
        state,
        to: fallback?.to,
        at: fallback?.provider,
      })),
    ).toEqual([
      { provider: 'cdn-a', role: 'primary', state: 'ready', to: 'nothing', at: undefined },
      { provider: 'cdn-b', role: 'secondary', state: 'ready', to: 'provider', at: 'cdn-a' },
      { provider: 'cdn-c', role: 'secondary', state: 'ready', to: 'provider', at: 'cdn-a' },
    ])
  })

  it('creates at once wherever the fallback can be set later, and after the primary only where it cannot', async () => {
    const { operation } = await created()
    const started = Object.fromEntries(operation.steps.map((step) => [`${step.action} ${step.provider}`, step]))
    const primaryEnded = started['create cdn-a']?.endedAt ?? Number.NaN
    expect(started['create cdn-b']?.startedAt).toBeLessThanOrEqual(primaryEnded)
    expect(started['create cdn-c']?.startedAt).toBeGreaterThanOrEqual(primaryEnded)
    expect(operation.steps.filter((step) => step.provider === 'cdn-c')).toHaveLength(1)
  })

  it('is degraded when one secondary fails, says why, and is repaired when that CDN is back', async () => {
    await world.cdns['cdn-b'].setFault({ status: 503 })
    const { scope, id, operation } = await created()
    expect(operation.state).toBe('degraded')
    expect(scope).toMatchObject({ state: 'degraded', primary: 'cdn-a' })
    expect(scope?.placements.find((placement) => placement.provider === 'cdn-b')).toMatchObject({
      state: 'failed',
      error: { code: 'unavailable' },
    })
    await world.cdns['cdn-b'].setFault(undefined)
    world.advance(600_000)
    expect(await world.recovery.repair()).toBe(1)
    expect(await world.settled(id)).toMatchObject({ state: 'ready' })
  })

  it('goes on with another primary when the chosen one cannot be provisioned', async () => {
    await world.cdns['cdn-a'].setFault({ status: 500 })
    const { scope } = await created()
    expect(scope).toMatchObject({ state: 'degraded', primary: 'cdn-b' })
    expect(scope?.placements.find((placement) => placement.provider === 'cdn-c')).toMatchObject({
      state: 'ready',
      fallback: { provider: 'cdn-b' },
    })
  })

  it('undoes everything when the client insists on a primary that refuses', async () => {
    await world.cdns['cdn-a'].setFault({ status: 403 })
    const { scope, operation } = await created({ primary: 'cdn-a' })
    expect(operation).toMatchObject({ state: 'failed', outcome: { code: 'provisioning_failed' } })
    expect(scope).toBeUndefined()
    expect(await world.stateOf('cdn-b')).toMatchObject({ scopes: [] })
  })

  it('keeps a failed creation in the books until it is sure that the failing CDN made nothing', async () => {
    await world.cdns['cdn-a'].setFault({ status: 500 })
    const { id, operation } = await created({ primary: 'cdn-a' })
    expect(operation.state).toBe('failed')
    expect(await world.scopes.get(id)).toMatchObject({ state: 'deleting' })
    await world.cdns['cdn-a'].setFault(undefined)
    world.advance(600_000)
    await world.recovery.repair()
    await expect(world.settled(id)).rejects.toThrow('is gone')
  })

  it('adopts the scope of a creation whose answer was lost instead of making a second one', async () => {
    await world.cdns['cdn-b'].setFault({ reset: 'after', times: 1, match: { method: 'POST' } })
    const { scope, operation } = await created()
    expect(scope).toMatchObject({ state: 'ready' })
    expect(operation.steps.filter((step) => step.provider === 'cdn-b').map((step) => step.action)).toContain('adopt')
    expect(await world.stateOf('cdn-b')).toMatchObject({ scopes: [expect.anything()] })
  })

  it('lists a suspected orphan where a lost creation cannot be found again', async () => {
    await world.cdns['cdn-c'].setFault({ reset: 'after', times: 1 })
    const { scope } = await created()
    expect(scope).toMatchObject({ state: 'ready' })
    expect(await orphans()).toMatchObject([{ provider: 'cdn-c', kind: 'suspected' }])
  })

  it('parks a placement whose CDN answers in an unknown shape, naming the CDN and the call', async () => {
    await world.cdns['cdn-c'].setFault({ garbage: 'shape' })
    const { scope } = await created()
    expect(scope?.placements.find((placement) => placement.provider === 'cdn-c')).toMatchObject({
      state: 'failed',
      error: { code: 'protocol' },
    })
  })

  it('refuses unknown and disabled providers with a pointer each, and changes nothing', async () => {
    await world.setState('cdn-b', 'disabled')
    const error = await world.scopes
      .create({ providers: ['cdn-a', 'nowhere', 'cdn-b'] }, by)
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'invalid_request',
      info: { faults: [{ pointer: '/providers/1' }, { pointer: '/providers/2' }] },
    })
    expect((await world.scopes.list({ limit: 10 })).scopes).toEqual([])
  })

  it('leaves disabled and drained providers out by itself', async () => {
    await world.setState('cdn-a', 'drained')
    const { scope } = await created()
    expect(scope).toMatchObject({ primary: 'cdn-b', state: 'ready' })
    expect(scope?.placements).toHaveLength(2)
  })
})

describe('idempotency', () => {
  it('answers the same key with the same scope and another request with a refusal', async () => {
    const first = await world.scopes.create({}, { by: 'test', idempotency: { key: 'k', fingerprint: 'f' } })
    await first.ended
    const second = await world.scopes.create({}, { by: 'test', idempotency: { key: 'k', fingerprint: 'f' } })
    expect(second).toMatchObject({ scope: first.scope, replayed: true })
    expect(await code(world.scopes.create({}, { by: 'test', idempotency: { key: 'k', fingerprint: 'other' } }))).toBe(
      'idempotency_mismatch',
    )
    expect((await world.scopes.list({ limit: 10 })).scopes).toHaveLength(1)
  })

  it('makes one scope of two requests that race with one key', async () => {
    const context = { by: 'test', idempotency: { key: 'race', fingerprint: 'f' } }
    const codes = await Promise.all([code(world.scopes.create({}, context)), code(world.scopes.create({}, context))])
    expect(codes.sort()).toEqual(['idempotency_in_progress', 'no error'])
    expect((await world.scopes.list({ limit: 10 })).scopes).toHaveLength(1)
  })
})

describe('failover', () => {
  it('makes another CDN primary and points all others at it, the old primary included', async () => {
    const { id } = await created()
    const change = await world.scopes.failover(id, { to: 'cdn-b', reason: 'test' }, by)
    expect(await change.ended).toMatchObject({ state: 'succeeded', failover: { from: 'cdn-a', to: 'cdn-b' } })
    const scope = await world.scopes.get(id)
    expect(scope).toMatchObject({ primary: 'cdn-b', state: 'ready' })
    expect(scope?.placements.map((placement) => placement.fallback)).toEqual([
      { to: 'nothing' },
      expect.objectContaining({ to: 'provider', provider: 'cdn-b' }),
      expect.objectContaining({ to: 'provider', provider: 'cdn-b' }),
    ])
  })

  it('replaces the scope of a CDN that cannot be re-wired and lists what it leaves behind', async () => {
    const { id, scope: before } = await created()
    await (await world.scopes.failover(id, { to: 'cdn-c', reason: 'test' }, by)).ended
    const after = await world.scopes.get(id)
    expect(after).toMatchObject({ primary: 'cdn-c', state: 'ready' })
    const scopeAt = (view: typeof after) =>
      view?.placements.find((placement) => placement.provider === 'cdn-c')?.scopeId
    expect(scopeAt(after)).not.toBe(scopeAt(before))
    expect(await orphans()).toMatchObject([{ provider: 'cdn-c', kind: 'abandoned', scopeId: scopeAt(before) }])
  })

  it('re-wires everybody else while the old primary is dead, and the old primary when it is back', async () => {
    const { id } = await created()
    await world.cdns['cdn-a'].setFault({ reset: 'before' })
    world.health.set('cdn-a', 'down')
    const operation = await (await world.scopes.failover(id, { reason: 'cdn-a is dead' }, by)).ended
    expect(operation).toMatchObject({ state: 'degraded', failover: { to: 'cdn-b' } })
    expect(await world.scopes.get(id)).toMatchObject({ primary: 'cdn-b', state: 'degraded' })
    await world.cdns['cdn-a'].setFault(undefined)
    world.advance(600_000)
    await world.recovery.repair()
    const scope = await world.settled(id)
    expect(scope).toMatchObject({ state: 'ready' })
    expect(scope.placements.find((placement) => placement.provider === 'cdn-a')?.fallback).toMatchObject({
      provider: 'cdn-b',
    })
  })

  it('leaves everything as it was when the target cannot be prepared', async () => {
    const { id, scope: before } = await created()
    await world.cdns['cdn-b'].setFault({ status: 500 })
    const operation = await (await world.scopes.failover(id, { to: 'cdn-b', reason: 'test' }, by)).ended
    expect(operation).toMatchObject({ state: 'failed', outcome: { code: 'target_not_prepared' } })
    const after = await world.scopes.get(id)
    expect(after?.primary).toBe(before?.primary)
    expect(after?.placements.find((placement) => placement.provider === 'cdn-c')?.fallback).toMatchObject({
      provider: 'cdn-a',
    })
  })

  it('refuses the primary itself, a stranger, and a CDN that is down', async () => {
    const { id } = await created({ providers: ['cdn-a', 'cdn-b'] })
    world.health.set('cdn-b', 'down')
    for (const to of ['cdn-a', 'cdn-c', 'cdn-b']) {
      expect(await code(world.scopes.failover(id, { to, reason: 'test' }, by))).toBe('invalid_state')
    }
    expect(await code(world.scopes.failover(id, { reason: 'test' }, by))).toBe('invalid_state')
  })
})

describe('change and deletion', () => {
  it('adds a provider, removes another, and refuses to remove the primary', async () => {
    const { id } = await created({ providers: ['cdn-a', 'cdn-b'] })
    await (await world.scopes.update(id, { providers: ['cdn-a', 'cdn-c'] }, by)).ended
    const scope = await world.scopes.get(id)
    expect(scope?.placements.map((placement) => placement.provider)).toEqual(['cdn-a', 'cdn-c'])
    expect(scope?.state).toBe('ready')
    expect(await world.stateOf('cdn-b')).toMatchObject({ scopes: [] })
    expect(await code(world.scopes.update(id, { providers: ['cdn-c'] }, by))).toBe('invalid_state')
  })

  it('gives the primary the origin of the client and takes it away again', async () => {
    const { id } = await created({ origin: 'moqt://origin.example/secret-token' })
    expect(await world.scopes.get(id)).toMatchObject({ origin: 'moqt://origin.example', state: 'ready' })
    expect(await world.scopes.secrets(id)).toMatchObject({ origin: 'moqt://origin.example/secret-token' })
    await (await world.scopes.update(id, { origin: null }, by)).ended
    const scope = await world.scopes.get(id)
    expect(scope?.origin).toBeUndefined()
    expect(scope?.placements[0]?.fallback).toEqual({ to: 'nothing' })
  })

  it('refuses an origin that leads back to the scope itself, also through another scope', async () => {
    const first = await created({ providers: ['cdn-a', 'cdn-b'] })
    const urls = await world.scopes.credentials(first.id)
    const own = urls.find((url) => url.provider === 'cdn-b')?.connectUrl ?? ''
    expect(await code(world.scopes.update(first.id, { origin: own }, by))).toBe('invalid_request')
    const second = await created({ origin: urls[0]?.connectUrl ?? '' })
    const back = (await world.scopes.credentials(second.id))[0]?.connectUrl ?? ''
    expect(await code(world.scopes.update(first.id, { origin: back }, by))).toBe('invalid_request')
  })

  it('deletes everywhere it can, forgets the secrets, and lists what stays behind', async () => {
    const { id } = await created()
    const operation = await (await world.scopes.delete(id, by)).ended
    expect(operation.state).toBe('succeeded')
    expect(await world.scopes.get(id)).toBeUndefined()
    expect(await world.stateOf('cdn-a')).toMatchObject({ scopes: [] })
    expect(await world.stateOf('cdn-b')).toMatchObject({ scopes: [] })
    expect(await world.store.list('credentials', { limit: 10 })).toEqual([])
    expect(await orphans()).toMatchObject([{ provider: 'cdn-c', kind: 'abandoned' }])
    expect((await world.scopes.events(id, { limit: 100 })).at(-1)).toMatchObject({ type: 'scope.deleted' })
  })

  it('goes on deleting a scope whose CDN was away', async () => {
    const { id } = await created({ providers: ['cdn-a', 'cdn-b'] })
    await world.cdns['cdn-b'].setFault({ status: 403 })
    expect(await (await world.scopes.delete(id, by)).ended).toMatchObject({ state: 'degraded' })
    expect(await world.scopes.get(id)).toMatchObject({ state: 'deleting' })
    await world.cdns['cdn-b'].setFault(undefined)
    world.advance(600_000)
    await world.recovery.repair()
    await expect(world.settled(id)).rejects.toThrow('is gone')
  })

  it('refuses a second change while one is at work, and a change of another revision', async () => {
    const { id } = await created()
    await world.cdns['cdn-b'].setFault({ latencyMs: 100 })
    const first = await world.scopes.failover(id, { to: 'cdn-b', reason: 'test' }, by)
    expect(await code(world.scopes.delete(id, by))).toBe('operation_in_progress')
    await first.ended
    expect(await code(world.scopes.delete(id, { by: 'test', ifRevision: 1 }))).toBe('revision_mismatch')
  })
})

describe('recovery', () => {
  it('finishes a creation that a crash cut, without a second scope anywhere it can look', async () => {
    await world.cdns['cdn-b'].setFault({ stall: 'after', match: { method: 'POST' } })
    const accepted = await world.scopes.create({ providers: ['cdn-a', 'cdn-b'] }, by)
    accepted.ended.catch(() => undefined)
    await world.crash()
    await world.cdns['cdn-b'].setFault(undefined)
    await world.restart()
    expect(await world.recovery.resume()).toBe(1)
    expect(await world.settled(accepted.scope)).toMatchObject({ state: 'ready' })
    expect(await world.stateOf('cdn-a')).toMatchObject({ scopes: [expect.anything()] })
    expect(await world.stateOf('cdn-b')).toMatchObject({ scopes: [expect.anything()] })
  })

  it('writes no secret into scope records, operations, events or the log', async () => {
    const { id } = await created({ origin: 'moqt://origin.example/canary-secret' })
    const secrets = [
      ...(await world.scopes.credentials(id)).map((url) => url.connectUrl.split('/').pop() ?? ''),
      'canary-secret',
    ]
    expect(secrets.length).toBeGreaterThan(4)
    const operations = (await world.scopes.events(id, { limit: 500 })).flatMap((event) =>
      event.operation === undefined ? [] : [event.operation],
    )
    const written = JSON.stringify([
      await world.store.list('scopes', { limit: 100 }),
      await world.store.list('credentials', { limit: 100 }),
      await world.store.list('meta', { limit: 100 }),
      await Promise.all(operations.map((operation) => world.store.get('operations', operation))),
      await world.store.readEvents(`scope:${id}`, { limit: 500 }),
      world.logged,
    ])
    for (const secret of secrets) expect(written).not.toContain(secret)
  })
})
