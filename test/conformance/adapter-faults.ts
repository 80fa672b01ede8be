import { describe, expect } from 'vitest'
import type { CallContext, ProviderAdapter } from '../../src/adapters/contract.ts'
import type { AdapterErrorKind } from '../../src/adapters/errors.ts'
import { adapterErrorOf, everythingShownBy } from '../support/adapter-errors.ts'
import {
  type AbilityTest,
  type AdapterConformance,
  type AdapterFault,
  openAdapter,
  someCall,
  someScope,
  someUpstream,
} from './adapter-subject.ts'

/** Levels 7 to 10: what an adapter makes of a provider that fails, of callers that leave, and of the end. */
export function adapterFaultConformance(suite: AdapterConformance, test: AbilityTest): void {
  describe('a fault of the provider', () => faultTableTests(suite, test))
  describe('a caller that leaves', () => abortTests(suite, test))
  describe('an answer with unknown members', () => unknownMemberTests(suite, test))
  describe('an error', () => secrecyTests(suite, test))
  describe('disposing', () => disposalTests(suite, test))
}

interface FaultRow {
  readonly fault: AdapterFault
  readonly kind: AdapterErrorKind
  readonly effect: 'none' | 'unknown'
}

const CREATION_FAULTS: readonly FaultRow[] = [
  { fault: { status: 400 }, kind: 'rejected', effect: 'none' },
  { fault: { status: 401 }, kind: 'unauthorized', effect: 'none' },
  { fault: { status: 403 }, kind: 'unauthorized', effect: 'none' },
  { fault: { status: 404 }, kind: 'not_found', effect: 'none' },
  { fault: { status: 422 }, kind: 'rejected', effect: 'none' },
  { fault: { status: 429 }, kind: 'throttled', effect: 'none' },
  { fault: { status: 500 }, kind: 'unavailable', effect: 'unknown' },
  { fault: { status: 502 }, kind: 'unavailable', effect: 'unknown' },
  { fault: { status: 503 }, kind: 'unavailable', effect: 'none' },
  { fault: { status: 504 }, kind: 'unavailable', effect: 'unknown' },
  { fault: { reset: 'before' }, kind: 'unavailable', effect: 'unknown' },
  { fault: { reset: 'after' }, kind: 'unavailable', effect: 'unknown' },
  { fault: { stall: 'before' }, kind: 'timeout', effect: 'unknown' },
  { fault: { stall: 'after' }, kind: 'timeout', effect: 'unknown' },
  { fault: { garbage: 'text' }, kind: 'protocol', effect: 'unknown' },
  { fault: { garbage: 'shape' }, kind: 'protocol', effect: 'unknown' },
  { fault: { garbage: 'huge' }, kind: 'protocol', effect: 'unknown' },
]

function faultTableTests(suite: AdapterConformance, test: AbilityTest): void {
  for (const { fault, kind, effect } of CREATION_FAULTS) {
    test([], `${JSON.stringify(fault)} is "${kind}" with effect "${effect}"`, async (subject) => {
      await using adapter = openAdapter(suite, subject, { timeoutMs: fault.stall === undefined ? 5000 : 150 })
      await subject.setFault(fault)
      const error = await adapterErrorOf(adapter.createScope(someScope(), someCall()))
      expect(error).toMatchObject({ kind, effect, provider: 'cdn-under-test', operation: 'createScope' })
      if (fault.status !== undefined) expect(error.status).toBe(fault.status)
      expect(subject.requestCount()).toBe(1)
    })
  }

  test([], 'is "quota" or "conflict" where the provider says 409', async (subject, adapter) => {
    await subject.setFault({ status: 409 })
    const { kind, effect } = await adapterErrorOf(adapter.createScope(someScope(), someCall()))
    expect(['quota', 'conflict']).toContain(kind)
    expect(effect).toBe('none')
  })

  test([], 'tells when to come back where the provider does', async (subject, adapter) => {
    await subject.setFault({ status: 429, retryAfterSeconds: 7 })
    expect(await adapterErrorOf(adapter.createScope(someScope(), someCall()))).toMatchObject({
      kind: 'throttled',
      retryAfterMs: 7000,
    })
  })

  test([], 'is reported by every method alike', async (subject, adapter) => {
    const { scopeId } = await adapter.createScope(someScope(), someCall())
    for (const [operation, run] of methodsOf(adapter, scopeId)) {
      for (const [status, kind] of [
        [403, 'unauthorized'],
        [429, 'throttled'],
        [500, 'unavailable'],
      ] as const) {
        await subject.setFault({ status })
        expect(await adapterErrorOf(run(someCall()))).toMatchObject({ kind, operation, status })
      }
    }
  })

  test([], 'ends with the fault', async (subject, adapter) => {
    await subject.setFault({ reset: 'before', times: 1 })
    await adapterErrorOf(adapter.createScope(someScope(), someCall()))
    await adapter.createScope(someScope(), someCall())
    expect(await subject.scopes()).toHaveLength(1)
  })
}

function abortTests(_: AdapterConformance, test: AbilityTest): void {
  test([], 'is let go within 50 ms by every method, and no request stays behind', async (subject, adapter) => {
    const { scopeId } = await adapter.createScope(someScope(), someCall())
    await subject.setFault({ stall: 'before' })
    for (const [operation, run] of methodsOf(adapter, scopeId)) {
      const controller = new AbortController()
      const before = subject.requestCount()
      const ended = adapterErrorOf(run({ signal: controller.signal }))
      await subject.arrived(before + 1)
      const abortedAt = performance.now()
      controller.abort()
      expect(await ended).toMatchObject({ kind: 'aborted', operation })
      expect(performance.now() - abortedAt).toBeLessThan(50)
      await subject.idle()
    }
  })

  test([], 'before the call sends nothing', async (subject, adapter) => {
    for (const [operation, run] of methodsOf(adapter, '0'.repeat(32))) {
      const error = await adapterErrorOf(run({ signal: AbortSignal.abort() }))
      expect(error).toMatchObject({ kind: 'aborted', effect: 'none', operation })
    }
    expect(subject.requestCount()).toBe(0)
  })
}

function unknownMemberTests({ capabilities }: AdapterConformance, test: AbilityTest): void {
  test([], 'is understood by every method', async (subject, adapter) => {
    subject.setMangling('unknown-members')
    const { scopeId, credentials } = await adapter.createScope(someScope(), someCall())
    expect(credentials).toHaveLength(capabilities.credentialsAtCreate.length)
    for (const [operation, run] of methodsOf(adapter, scopeId)) {
      const before = subject.requestCount()
      await run(someCall())
      expect(subject.requestCount(), operation).toBeGreaterThan(before)
    }
  })
}

function secrecyTests(suite: AdapterConformance, test: AbilityTest): void {
  test([], 'shows no secret, even where the provider repeats them all', async (subject, adapter) => {
    const upstream = someUpstream(suite.capabilities)
    const { scopeId, credentials } = await adapter.createScope(someScope(), someCall())
    const options = suite.definition.secretOptions.map((name) => String(subject.options[name]))
    const secrets = [...options, ...credentials.map(({ secret }) => secret), 'upstream-Secret', upstream]
    subject.setMangling('echo')
    for (const status of [400, 401, 404, 409, 429, 500]) {
      await subject.setFault({ status })
      const calls = methodsOf(adapter, scopeId, upstream).map(([, run]) => run(someCall()))
      if (suite.capabilities.configAtCreate) calls.push(adapter.createScope(someScope([upstream]), someCall()))
      const results = await Promise.allSettled(calls)
      const errors = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []))
      expect(errors).not.toEqual([])
      for (const error of errors) {
        const shown = error instanceof Error ? everythingShownBy(error) : String(error)
        for (const secret of secrets) expect(shown).not.toContain(secret)
      }
    }
  })

  test([], 'shows no secret where the answer is garbage or the connection breaks', async (subject, adapter) => {
    const [secretName = ''] = suite.definition.secretOptions
    for (const fault of [{ garbage: 'shape' }, { garbage: 'text' }, { reset: 'after' }] as const) {
      await subject.setFault(fault)
      const error = await adapterErrorOf(adapter.createScope(someScope(), someCall()))
      expect(everythingShownBy(error)).not.toContain(String(subject.options[secretName]))
    }
  })
}

function disposalTests(_: AdapterConformance, test: AbilityTest): void {
  test([], 'ends calls under way, closes every socket and ends later calls', async (subject, adapter) => {
    await adapter.createScope(someScope(), someCall())
    expect(subject.connectionCount()).toBeGreaterThan(0)
    await subject.setFault({ stall: 'before' })
    const before = subject.requestCount()
    const running = adapterErrorOf(adapter.createScope(someScope(), someCall()))
    await subject.arrived(before + 1)
    await adapter[Symbol.asyncDispose]()
    expect(await running).toMatchObject({ kind: 'aborted', effect: 'unknown' })
    await subject.disconnected()
    const later = await adapterErrorOf(adapter.createScope(someScope(), someCall()))
    expect(later).toMatchObject({ kind: 'aborted', effect: 'none' })
  })
}

type Method = readonly [operation: string, run: (call: CallContext) => Promise<unknown>]

/** Every method that the adapter has, as one call on this scope; deletion last. */
function methodsOf(adapter: ProviderAdapter, scopeId: string, upstream?: string): readonly Method[] {
  const methods: Method[] = [['createScope', (call) => adapter.createScope(someScope(), call)]]
  const getScope = adapter.getScope?.bind(adapter)
  const listScopes = adapter.listScopes?.bind(adapter)
  const setUpstreams = adapter.setUpstreams?.bind(adapter)
  const mintCredential = adapter.mintCredential?.bind(adapter)
  const revokeCredential = adapter.revokeCredential?.bind(adapter)
  const adoptScope = adapter.adoptScope?.bind(adapter)
  const deleteScope = adapter.deleteScope?.bind(adapter)
  const upstreams = upstream === undefined ? [] : [upstream]
  if (getScope) methods.push(['getScope', (call) => getScope(scopeId, call)])
  if (listScopes) methods.push(['listScopes', (call) => drain(listScopes(call))])
  if (setUpstreams) methods.push(['setUpstreams', (call) => setUpstreams(scopeId, upstreams, call)])
  if (mintCredential) methods.push(['mintCredential', (call) => mintCredential(scopeId, ['subscribe'], call)])
  if (revokeCredential) methods.push(['revokeCredential', (call) => revokeCredential(scopeId, 'a'.repeat(32), call)])
  if (adoptScope) methods.push(['adoptScope', (call) => adoptScope('nobody-has-this-label', call)])
  if (deleteScope) methods.push(['deleteScope', (call) => deleteScope(scopeId, call)])
  return methods
}

async function drain(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const _ of items) count += 1
  return count
}
