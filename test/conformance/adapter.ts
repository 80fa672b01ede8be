import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProviderAdapter } from '../../src/adapters/contract.ts'
import { adapterFaultConformance } from './adapter-faults.ts'
import { adapterScopeConformance } from './adapter-scopes.ts'
import {
  ABILITIES,
  type Ability,
  type AbilityTest,
  type AdapterConformance,
  type AdapterSubject,
  isDeclared,
  openAdapter,
} from './adapter-subject.ts'

/**
 * Proves that an adapter does what the contract says, and that what it declares and what it does agree in both
 * directions. Tests are skipped for a capability that is not declared and for nothing else.
 */
export function adapterConformance(suite: AdapterConformance): void {
  describe(`${suite.name} as an adapter`, () => {
    const missed = new Set<Ability>()
    let subject: AdapterSubject
    let adapter: ProviderAdapter

    beforeEach(async () => {
      subject = await suite.open()
      adapter = openAdapter(suite, subject)
    })
    afterEach(async () => {
      await adapter[Symbol.asyncDispose]()
      await subject[Symbol.asyncDispose]()
    })

    const test: AbilityTest = (needs, title, run) => {
      const lacking = needs.filter((ability) => !isDeclared(suite.capabilities, ability))
      for (const ability of lacking) missed.add(ability)
      it.skipIf(lacking.length > 0)(title, () => run(subject, adapter))
    }

    describe('options', () => {
      optionTests(suite, test)
    })
    describe('capabilities', () => {
      capabilityTests(suite, test)
    })
    adapterScopeConformance(suite, test)
    adapterFaultConformance(suite, test)

    it('skipped tests for exactly the abilities that are not declared', () => {
      expect([...missed].sort()).toEqual(ABILITIES.filter((one) => !isDeclared(suite.capabilities, one)).sort())
    })
  })
}

/** Level 1: a mistake in the configuration is found at start and told by its place, never by its value. */
function optionTests({ definition }: AdapterConformance, test: AbilityTest): void {
  const issuesFor = (options: Readonly<Record<string, unknown>>): readonly { path: unknown; message: string }[] => {
    const result = definition.configure(options)
    return result.ok ? [] : result.issues
  }

  test([], 'are accepted, and name their secrets', async ({ options }) => {
    expect(issuesFor(options)).toEqual([])
    expect(definition.secretOptions.length).toBeGreaterThan(0)
  })

  for (const secret of definition.secretOptions) {
    test([], `are refused at "${secret}" where that is missing, blank or breaks a header`, async ({ options }) => {
      const { [secret]: _, ...without } = options
      expect(issuesFor(without).map(({ path }) => path)).toEqual([[secret]])
      for (const bad of ['', '   ', 'planted-secret\r\nx-evil: 1', 'planted secret', 7]) {
        const issues = issuesFor({ ...options, [secret]: bad })
        expect(issues.map(({ path }) => path)).toEqual([[secret]])
        expect(JSON.stringify(issues)).not.toContain('planted')
      }
    })
  }

  test([], 'are refused at a member that is not known', async ({ options }) => {
    expect(issuesFor({ ...options, bas_url: 'x' }).map(({ path }) => path)).toEqual([['bas_url']])
  })

  test([], 'are refused, without throwing, where they are not an object', async () => {
    for (const options of [undefined, null, 'text', []]) expect(definition.configure(options).ok).toBe(false)
  })
}

/** Level 2: nothing is declared that is not there, and nothing is there that is not declared. */
function capabilityTests({ definition, capabilities }: AdapterConformance, test: AbilityTest): void {
  test([], 'are what these options imply', async ({ options }) => {
    const result = definition.configure(options)
    expect(result.ok && result.adapter.capabilities).toEqual(capabilities)
  })

  test([], 'and optional methods agree', async (_, adapter) => {
    expect({
      adoptByLabel: adapter.adoptScope !== undefined,
      get: adapter.getScope !== undefined,
      list: adapter.listScopes !== undefined,
      updateConfig: adapter.setUpstreams !== undefined,
      delete: adapter.deleteScope !== undefined,
      mintCredential: adapter.mintCredential !== undefined,
      revokeCredential: adapter.revokeCredential !== undefined,
    }).toEqual({
      adoptByLabel: capabilities.adoptByLabel,
      get: capabilities.get,
      list: capabilities.list,
      updateConfig: capabilities.updateConfig,
      delete: capabilities.delete,
      mintCredential: capabilities.mintCredential,
      revokeCredential: capabilities.revokeCredential,
    })
  })

  test([], 'do not contradict each other', async () => {
    expect(capabilities.credentialsAtCreate[0]).toContain('publish')
    if (capabilities.configAtCreate || capabilities.updateConfig) {
      expect(capabilities.maxUpstreams).toBeGreaterThan(0)
      expect(capabilities.upstreamSchemes).not.toEqual([])
      expect(capabilities.originFallback).not.toBe('none')
    }
    if (capabilities.revokesLiveSessions) expect(capabilities.revokeCredential).toBe(true)
  })
}
