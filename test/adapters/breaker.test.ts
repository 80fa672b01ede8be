import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type BreakerOptions, type GuardedAdapter, wrapWithBreaker } from '../../src/adapters/breaker.ts'
import type {
  CallContext,
  Credential,
  ProviderAdapter,
  ProvisionedScope,
  RemoteScope,
} from '../../src/adapters/contract.ts'
import { AdapterError, type AdapterErrorKind } from '../../src/adapters/errors.ts'
import { adapterErrorOf } from '../support/adapter-errors.ts'

const call: CallContext = { signal: new AbortController().signal }
const input = { label: 'l', upstreams: [] }
const scope: ProvisionedScope = { scopeId: 's', url: 'moqt://r', credentials: [] }

const credential: Credential = { rights: ['publish'], secret: 'c' }

const failure = (kind: AdapterErrorKind): AdapterError =>
  new AdapterError(kind, { provider: 'cdn-a', operation: 'createScope', detail: `made ${kind}`, effect: 'unknown' })

let guarded: GuardedAdapter[]

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  guarded = []
})
afterEach(async () => {
  for (const one of guarded) await one.adapter[Symbol.asyncDispose]()
  vi.useRealTimers()
})

/** An adapter whose creations end as `outcome` says at that moment. */
function scripted(options: Partial<BreakerOptions> = {}) {
  const script: { outcome: () => Promise<ProvisionedScope>; calls: number } = {
    outcome: () => Promise.resolve(scope),
    calls: 0,
  }
  const adapter: ProviderAdapter = {
    createScope: () => {
      script.calls += 1
      return script.outcome()
    },
    async [Symbol.asyncDispose]() {},
  }
  const one = wrapWithBreaker(adapter, {
    provider: 'cdn-a',
    now: () => Date.now(),
    volumeThreshold: 4,
    resetTimeoutMs: 5000,
    ...options,
  })
  guarded.push(one)
  return { ...one, script, create: () => one.adapter.createScope(input, call) }
}

async function openBreaker(options: Partial<BreakerOptions> = {}) {
  const one = scripted(options)
  one.script.outcome = () => Promise.reject(failure('unavailable'))
  for (let count = 0; count < 4; count += 1) await adapterErrorOf(one.create())
  expect(one.snapshot().state).toBe('open')
  return one
}

describe('which errors open the breaker', () => {
  it.each(['unavailable', 'timeout', 'protocol'] as const)('%s does', async (kind) => {
    const { create, script, snapshot } = scripted()
    script.outcome = () => Promise.reject(failure(kind))
    for (let count = 0; count < 4; count += 1) expect((await adapterErrorOf(create())).kind).toBe(kind)
    expect(snapshot()).toMatchObject({
      state: 'open',
      failures: 4,
      openedAt: 1_000_000,
      lastError: { kind, detail: `made ${kind}`, at: 1_000_000 },
    })
  })

  it.each([
    'rejected',
    'unauthorized',
    'not_found',
    'conflict',
    'quota',
    'throttled',
    'aborted',
    'unsupported',
  ] as const)('%s does not', async (kind) => {
    const { create, script, snapshot } = scripted()
    script.outcome = () => Promise.reject(failure(kind))
    for (let count = 0; count < 20; count += 1) expect((await adapterErrorOf(create())).kind).toBe(kind)
    expect(snapshot()).toMatchObject({ state: 'closed', failures: 0 })
    expect(snapshot()).not.toHaveProperty('lastError')
  })

  it('a few failures among many successes do not', async () => {
    const { create, script, snapshot } = scripted()
    for (let count = 0; count < 20; count += 1) {
      script.outcome = () => (count % 3 === 0 ? Promise.reject(failure('timeout')) : Promise.resolve(scope))
      await create().catch(() => undefined)
    }
    expect(snapshot()).toMatchObject({ state: 'closed', failures: 7, successes: 13 })
  })
})

describe('an open breaker', () => {
  it('refuses calls without sending them, and says when to try again', async () => {
    const { create, script, snapshot } = await openBreaker()
    vi.advanceTimersByTime(2000)
    const error = await adapterErrorOf(create())
    expect(error).toMatchObject({ kind: 'breaker_open', effect: 'none', retryAfterMs: 3000, operation: 'createScope' })
    expect(script.calls).toBe(4)
    expect(snapshot().rejects).toBe(1)
  })

  it('lets one call try after its time, and closes when that succeeds', async () => {
    const { create, script, snapshot } = await openBreaker()
    vi.advanceTimersByTime(5000)
    expect(snapshot().state).toBe('half_open')
    let finish = (): void => {}
    script.outcome = () =>
      new Promise((resolve) => {
        finish = () => resolve(scope)
      })
    const trial = create()
    expect((await adapterErrorOf(create())).kind).toBe('breaker_open')
    finish()
    expect(await trial).toBe(scope)
    expect(snapshot().state).toBe('closed')
    expect(snapshot()).not.toHaveProperty('openedAt')
    expect(snapshot().lastError?.kind).toBe('unavailable')
  })

  it('opens again when the trial fails, and tells since when it has not been closed', async () => {
    const { create, snapshot } = await openBreaker()
    vi.advanceTimersByTime(5000)
    await adapterErrorOf(create())
    expect(snapshot()).toMatchObject({ state: 'open', openedAt: 1_000_000 })
    expect((await adapterErrorOf(create())).retryAfterMs).toBe(5000)
  })

  it('does not close because the trial was ended by its caller', async () => {
    const { create, script, snapshot } = await openBreaker()
    vi.advanceTimersByTime(5000)
    script.outcome = () => Promise.reject(failure('aborted'))
    await adapterErrorOf(create())
    expect(snapshot().state).toBe('open')
  })

  it('closes when the trial gets an answer that is no failure', async () => {
    const { create, script, snapshot } = await openBreaker()
    vi.advanceTimersByTime(5000)
    script.outcome = () => Promise.reject(failure('quota'))
    await adapterErrorOf(create())
    expect(snapshot().state).toBe('closed')
  })

  it('tells its listeners of each change, until they leave', async () => {
    const one = scripted()
    const seen: string[] = []
    const stop = one.onStateChange((state) => seen.push(state))
    one.script.outcome = () => Promise.reject(failure('unavailable'))
    for (let count = 0; count < 4; count += 1) await adapterErrorOf(one.create())
    vi.advanceTimersByTime(5000)
    one.script.outcome = () => Promise.resolve(scope)
    await one.create()
    expect(seen).toEqual(['open', 'half_open', 'closed'])
    stop()
    one.script.outcome = () => Promise.reject(failure('unavailable'))
    for (let count = 0; count < 20; count += 1) await adapterErrorOf(one.create())
    expect(one.snapshot().state).toBe('open')
    expect(seen).toHaveLength(3)
  })
})

describe('the bulkhead', () => {
  it('refuses what exceeds its capacity at once, and this neither counts as failure nor as success', async () => {
    const { create, script, snapshot } = scripted({ capacity: 2 })
    const finishers: (() => void)[] = []
    script.outcome = () =>
      new Promise((resolve) => {
        finishers.push(() => resolve(scope))
      })
    const running = [create(), create()]
    expect(await adapterErrorOf(create())).toMatchObject({ kind: 'throttled', effect: 'none' })
    expect(snapshot()).toMatchObject({ state: 'closed', failures: 0, successes: 0, rejects: 1 })
    for (const finish of finishers) finish()
    await Promise.all(running)
    script.outcome = () => Promise.resolve(scope)
    await create()
    expect(snapshot().successes).toBe(3)
  })
})

describe('the wrapped adapter', () => {
  it('has no optional method that the adapter lacks', () => {
    expect(Object.keys(scripted().adapter)).toEqual(['createScope'])
  })

  it('passes every method, its arguments, its result and its own "this" through', async () => {
    const full = new FullAdapter()
    const { adapter } = wrapWithBreaker(full, { provider: 'cdn-a', now: () => 0 })
    expect(await adapter.createScope(input, call)).toBe(scope)
    expect(await adapter.adoptScope?.('l', call)).toBe(scope)
    expect(await adapter.getScope?.('s', call)).toEqual({ scopeId: 'got' })
    expect(await adapter.mintCredential?.('s', ['publish'], call)).toBe(credential)
    await adapter.setUpstreams?.('s', ['u'], call)
    await adapter.deleteScope?.('s', call)
    await adapter.revokeCredential?.('s', 'c', call)
    const listed: RemoteScope[] = []
    for await (const one of adapter.listScopes?.(call) ?? []) listed.push(one)
    expect(listed).toEqual([{ scopeId: '1' }, { scopeId: '2' }, { scopeId: '3' }])
    expect(full.log).toEqual([
      ['createScope', input, call],
      ['adoptScope', 'l', call],
      ['getScope', 's', call],
      ['mintCredential', 's', ['publish'], call],
      ['setUpstreams', 's', ['u'], call],
      ['deleteScope', 's', call],
      ['revokeCredential', 's', 'c', call],
    ])
    await adapter[Symbol.asyncDispose]()
    expect(full.disposed).toBe(true)
  })

  it('counts a list once, and a page that fails later as a failure', async () => {
    const full = new FullAdapter()
    const one = wrapWithBreaker(full, { provider: 'cdn-a', now: () => 0 })
    guarded.push(one)
    for await (const item of one.adapter.listScopes?.(call) ?? []) expect(item.scopeId).not.toBe('')
    expect(one.snapshot()).toMatchObject({ successes: 1, failures: 0 })
    full.failAfter = 2
    const seen: string[] = []
    const reading = (async () => {
      for await (const { scopeId } of one.adapter.listScopes?.(call) ?? []) seen.push(scopeId)
    })()
    expect((await adapterErrorOf(reading)).kind).toBe('unavailable')
    expect(seen).toEqual(['1', '2'])
    expect(one.snapshot()).toMatchObject({ successes: 2, failures: 1, lastError: { kind: 'unavailable' } })
  })

  it('ends the list of the adapter when its reader stops early', async () => {
    const full = new FullAdapter()
    const one = wrapWithBreaker(full, { provider: 'cdn-a', now: () => 0 })
    guarded.push(one)
    for await (const { scopeId } of one.adapter.listScopes?.(call) ?? []) {
      expect(scopeId).toBe('1')
      break
    }
    expect(full.listEnded).toBe(1)
  })

  it('passes on what is not an AdapterError as it is, and counts it as failure', async () => {
    const { create, script, snapshot } = scripted()
    const defect = new TypeError('a defect')
    script.outcome = () => Promise.reject(defect)
    await expect(create()).rejects.toBe(defect)
    expect(snapshot().failures).toBe(1)
  })

  it('refuses calls once it is disposed', async () => {
    const { adapter, create } = scripted()
    await adapter[Symbol.asyncDispose]()
    expect(await adapterErrorOf(create())).toMatchObject({ kind: 'aborted', effect: 'none' })
  })

  it('measures latency', async () => {
    const { create, script, snapshot } = scripted()
    script.outcome = () =>
      new Promise((resolve) => {
        setTimeout(() => resolve(scope), 40)
      })
    const running = create()
    await vi.advanceTimersByTimeAsync(40)
    await running
    expect(snapshot().latencyMs).toEqual({ p50: 40, p99: 40 })
  })
})

/** Has every optional method; each logs its name and arguments through `this`. */
class FullAdapter implements ProviderAdapter {
  readonly log: unknown[] = []
  disposed = false
  failAfter = Number.POSITIVE_INFINITY
  listEnded = 0

  async createScope(...args: unknown[]): Promise<ProvisionedScope> {
    this.log.push(['createScope', ...args])
    return scope
  }
  async adoptScope(...args: unknown[]): Promise<ProvisionedScope> {
    this.log.push(['adoptScope', ...args])
    return scope
  }
  async getScope(...args: unknown[]): Promise<RemoteScope> {
    this.log.push(['getScope', ...args])
    return { scopeId: 'got' }
  }
  async mintCredential(...args: unknown[]): Promise<Credential> {
    this.log.push(['mintCredential', ...args])
    return credential
  }
  async setUpstreams(...args: unknown[]): Promise<void> {
    this.log.push(['setUpstreams', ...args])
  }
  async deleteScope(...args: unknown[]): Promise<void> {
    this.log.push(['deleteScope', ...args])
  }
  async revokeCredential(...args: unknown[]): Promise<void> {
    this.log.push(['revokeCredential', ...args])
  }
  async *listScopes(): AsyncGenerator<RemoteScope> {
    try {
      for (const scopeId of ['1', '2', '3']) {
        if (Number(scopeId) > this.failAfter) throw failure('unavailable')
        yield { scopeId }
      }
    } finally {
      this.listEnded += 1
    }
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true
  }
}
