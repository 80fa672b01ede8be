import { describe, expect, it } from 'vitest'
import { BrokerError } from '../../src/broker/broker-error.ts'
import { isAlive, liftInjection, type Restoration, returnScopes } from '../../src/broker/drills/drill-restoration.ts'
import type { AcceptedChange, ScopeView } from '../../src/broker/scopes/scope-service.ts'
import type { HealthState } from '../../src/routing/decision.ts'

const LONGEST_PAUSE_MS = 1_000

/** One scope in a time that passes only in pauses; `events` happen when their time has come. */
function oneScope(primary: string | undefined) {
  let time = 0
  let current = primary
  const events: { readonly at: number; readonly happen: () => void }[] = []
  const refusals: BrokerError[] = []
  const view = (): ScopeView | undefined =>
    current === undefined
      ? undefined
      : {
          id: 's1',
          revision: 1,
          owner: 'x',
          state: 'ready',
          primary: current,
          placements: [],
          createdAt: 0,
          updatedAt: 0,
        }
  const failover = async (scope: string, { to = '' }: { readonly to?: string }): Promise<AcceptedChange> => {
    const refusal = refusals.shift()
    if (refusal !== undefined) throw refusal
    current = to
    const operation = {
      id: 'op',
      kind: 'failover',
      scope,
      state: 'succeeded',
      requestedBy: 'x',
      steps: [],
      createdAt: 0,
    } as const
    return { operation: 'op', scope, replayed: false, ended: Promise.resolve(operation) }
  }
  return {
    deps: {
      scopes: { get: async () => view(), failover },
      now: () => time,
      sleep: async (ms: number, signal: AbortSignal) => {
        // A deadline around a change, which is always in time here.
        if (ms > LONGEST_PAUSE_MS) {
          await new Promise((resolve) => {
            signal.addEventListener('abort', resolve, { once: true })
          })
          return
        }
        time += ms
        for (const event of events.splice(0)) {
          if (event.at <= time) event.happen()
          else events.push(event)
        }
      },
    },
    refusals,
    later: (at: number, happen: () => void) => events.push({ at, happen }),
    move: (to: string | undefined) => {
      current = to
    },
    primary: () => current,
    time: () => time,
  }
}

const injection: Restoration['injection'] = { hold: async () => {}, lift: async () => {} }

function restoration(changes: Partial<Restoration> = {}): Restoration {
  const { signal } = new AbortController()
  return {
    drill: 'd1',
    provider: 'a',
    injection,
    scopes: ['s1'],
    isBack: () => true,
    deadlineMs: 5_000,
    signal,
    ...changes,
  }
}

describe('the return of scopes after a drill', () => {
  it('gives a scope that moved its primary back', async () => {
    const world = oneScope('b')
    expect(await returnScopes(world.deps, restoration())).toEqual([
      { at: 0, done: true, detail: '"a" is the primary of scope s1 again' },
    ])
    expect(world.primary()).toBe('a')
  })

  it('does nothing with a scope that did not move or was deleted', async () => {
    expect(await returnScopes(oneScope('a').deps, restoration())).toEqual([])
    expect(await returnScopes(oneScope(undefined).deps, restoration())).toEqual([])
  })

  it('waits until the provider counts as alive, because until then scopes are still moved off it', async () => {
    const world = oneScope('a')
    let back = false
    world.later(400, () => world.move('b'))
    world.later(1_000, () => {
      back = true
    })
    await returnScopes(world.deps, restoration({ isBack: () => back }))
    expect(world.primary()).toBe('a')
    expect(world.time()).toBeGreaterThanOrEqual(1_000)
  })

  it('tries again while another change is at work, and says what stood in the way when the time is over', async () => {
    const world = oneScope('b')
    world.refusals.push(
      new BrokerError('operation_in_progress', 'busy'),
      new BrokerError('invalid_state', 'it is down'),
    )
    expect(await returnScopes(world.deps, restoration())).toMatchObject([{ done: true }])
    const stuck = oneScope('b')
    stuck.refusals.push(...Array.from({ length: 100 }, () => new BrokerError('invalid_state', 'it is down')))
    expect(await returnScopes(stuck.deps, restoration())).toEqual([
      { at: 5_000, done: false, detail: '"a" is not the primary of scope s1 again: it is down' },
    ])
    expect(stuck.time()).toBe(5_000)
  })

  it('gives up at once when the broker is stopping', async () => {
    const world = oneScope('b')
    world.refusals.push(new BrokerError('shutting_down', 'this broker is stopping'))
    expect(await returnScopes(world.deps, restoration())).toMatchObject([{ done: false }])
    expect(world.time()).toBe(0)
  })
})

describe('letting a provider back in', () => {
  it('is tried three times and then left to the dead-man timer', async () => {
    let attempts = 0
    const lift = async (): Promise<void> => {
      attempts += 1
      throw new Error('the fault dial did not answer')
    }
    const step = await liftInjection(oneScope('b').deps, restoration({ injection: { ...injection, lift } }))
    expect(attempts).toBe(3)
    expect(step).toMatchObject({
      done: false,
      detail: '"a" could not be let back in: the fault dial did not answer; its dead-man timer will do it',
    })
  })

  it('is done when a later attempt works', async () => {
    let attempts = 0
    const lift = async (): Promise<void> => {
      attempts += 1
      if (attempts < 3) throw new Error('no')
    }
    const step = await liftInjection(oneScope('b').deps, restoration({ injection: { ...injection, lift } }))
    expect(step.done).toBe(true)
  })
})

describe('a provider that was let back in', () => {
  const seen = (state: HealthState, connected?: boolean): boolean =>
    isAlive(
      {
        board: { get: () => ({ state, since: 0, reason: '' }) },
        canary: {
          paths: () =>
            connected === undefined ? [] : [{ provider: 'a', role: 'primary', connected, since: 0, objects: 3 }],
        },
      },
      'a',
    )

  it('is alive when it is not down and a canary session shows that it will not be in a moment', () => {
    expect(seen('up', true)).toBe(true)
    expect(seen('degraded', true)).toBe(true)
    expect(seen('up', false)).toBe(false)
    expect(seen('down', true)).toBe(false)
  })

  it('is alive when it is not down and no canary watches it', () => {
    expect(seen('unknown')).toBe(true)
    expect(seen('down')).toBe(false)
  })
})
