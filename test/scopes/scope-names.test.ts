import { describe, expect, it } from 'vitest'
import { createScopeChanges } from '../../src/broker/scopes/scope-changes.ts'
import type { HeldScope } from '../../src/broker/scopes/scope-directory.ts'
import { createScopeNames, type FollowedScopeNames } from '../../src/broker/scopes/scope-names.ts'
import type { ScopeView } from '../../src/broker/scopes/scope-service.ts'

function view(id: string, state: ScopeView['state'] = 'ready'): ScopeView {
  return { id, owner: 'o', state, primary: 'a', placements: [], revision: 1, createdAt: 0, updatedAt: 0 }
}

function held(id: string, name: string | undefined, deleting = false): HeldScope {
  return {
    revision: 1,
    record: {
      v: 1,
      id,
      owner: 'o',
      primary: 'a',
      primaryPinned: false,
      providers: ['a'],
      placements: [],
      deleting,
      createdAt: 0,
      updatedAt: 0,
      ...(name === undefined ? {} : { name }),
    },
  }
}

describe('names of scopes', () => {
  const changes = createScopeChanges()
  let stored: readonly ScopeView[] = []

  function names(): FollowedScopeNames {
    return createScopeNames({
      names: ['demo'],
      changes,
      scopes: { list: async ({ name }) => ({ scopes: name === 'demo' ? stored : [] }) },
    })
  }

  it('leave every other text as it is', () => {
    expect(names().idOf('1m7ygy2fb2wzj8a3r6fx')).toBe('1m7ygy2fb2wzj8a3r6fx')
  })

  it('are found in the store: the oldest that stays', async () => {
    stored = [view('3'), view('2'), view('1', 'deleting')]
    const found = names()
    await found.refresh()
    expect(found.idOf('demo')).toBe('2')
    stored = []
    await found.refresh()
    expect(found.idOf('demo')).toBe('demo')
  })

  it('follow what this process changes, at once', () => {
    const found = names()
    changes.publish('5', held('5', 'demo'))
    expect(found.idOf('demo')).toBe('5')
    changes.publish('4', held('4', 'other'))
    expect(found.idOf('other')).toBe('other')
    changes.publish('5', held('5', 'renamed'))
    expect(found.idOf('demo')).toBe('demo')
    changes.publish('5', held('5', 'demo'))
    changes.publish('6', held('6', 'demo'))
    expect(found.idOf('demo')).toBe('5')
    changes.publish('5', held('5', 'demo', true))
    expect(found.idOf('demo')).toBe('demo')
    changes.publish('6', held('6', 'demo'))
    changes.publish('6', undefined)
    expect(found.idOf('demo')).toBe('demo')
  })
})
