import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test } from 'vitest'
import { readPolicyFile, replayLog } from '../../src/broker/cli/policy-files.ts'
import { percent } from '../../src/broker/cli/policy-text.ts'
import { decide } from '../../src/routing/decide.ts'
import { plainRules } from '../../src/routing/footprint-rules.ts'
import { NOTHING_MEASURED } from '../../src/routing/measured.ts'
import { plainLookup } from '../../src/routing/provider-coverage.ts'
import { recordDecision } from '../../src/routing/replay/record-decision.ts'
import { runCommand } from '../support/cli-run.ts'
import { clientAt, NOW, POLICY, providerFrom } from '../support/routing-facts.ts'

/** One line of a decision log: `a` before `b`, for a client in us or in de. */
function line(address: string): string {
  const client = clientAt(address)
  const inputs = {
    coverage: plainLookup(client),
    rules: plainRules(client),
    providers: [providerFrom({ id: 'a', priority: 1 }), providerFrom({ id: 'b', priority: 2 })],
    policy: POLICY,
    usage: () => undefined,
    now: NOW,
  }
  const decision = decide({ ...inputs, client, key: 'k' })
  const more = {
    scope: undefined,
    session: undefined,
    key: 'k',
    coverage: undefined,
    geo: [],
    measured: NOTHING_MEASURED,
  }
  return JSON.stringify(recordDecision({ client, inputs, decision, ...more }))
}

describe('policy files', () => {
  let folder = ''
  const at = (name: string): string => join(folder, name)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'moq-broker-policy-'))
    const tampered = line('192.0.2.1').replace('"candidates":["a","b"]', '"candidates":["b","a"]')
    await writeFile(at('log'), [line('192.0.2.7'), line('198.51.100.1'), 'no record', tampered, ''].join('\n'))
    await writeFile(at('empty'), '\n')
    await writeFile(
      at('policy.yaml'),
      [
        'version: 1',
        'defaults:',
        '  rules:',
        '    - { id: r, action: deny, providers: [a], footprints: [{ footprint-type: countrycode, footprint-value: [de] }] }',
      ].join('\n'),
    )
    await writeFile(at('twice.yaml'), 'version: 1\nversion: 1\n')
    await writeFile(at('bomb.yaml'), `a: &a [x]\n${'b: [*a, *a]\n'.replace('b', 'b0')}c: [${'*a, '.repeat(200)}]\n`)
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('replay a log: what moves, what is not reproduced, what cannot be read', async () => {
    expect(await replayLog(at('log'), readPolicyFile(at('policy.yaml')), NOW)).toEqual({
      decisions: 3,
      moved: 2 / 3,
      providers: [
        { provider: 'a', before: 2 / 3, after: 2 / 3 },
        { provider: 'b', before: 1 / 3, after: 1 / 3 },
      ],
      different: 1,
      unreadable: 1,
    })
  })

  it.each([
    ['empty', { version: 1 }, 'holds no decision'],
    ['absent', { version: 1 }, 'cannot be read (ENOENT)'],
    ['log', { version: 1, defaults: { providers: { z: {} } } }, 'The policy file is not valid'],
  ])('are refused with a reason: log %s', async (log, document, reason) => {
    await expect(replayLog(at(log), document, NOW)).rejects.toThrow(reason)
  })

  it.each([
    ['absent.yaml', 'cannot be read (ENOENT)'],
    ['twice.yaml', 'is not YAML'],
    ['bomb.yaml', 'its YAML aliases multiply'],
  ])('are refused with a reason: %s', (name, reason) => {
    expect(() => readPolicyFile(at(name))).toThrow(reason)
  })
})

it('a small share is told from none', () => {
  expect([0, 0.00001, 0.0001, 0.5, 1].map(percent)).toEqual(['0 %', '< 0.01 %', '0.01 %', '50 %', '100 %'])
})

test('config check checks the policy file that the configuration names, with pointers into it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'moq-broker-config-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const config = join(folder, 'broker.yaml')
  const policy = join(folder, 'policy.yaml')
  const token = join(folder, 'token')
  const provider = `{ id: a, adapter: draft-http, options: { base_url: http://127.0.0.1:9001, token: 'file:${token}' } }`
  await writeFile(token, 'a-token-of-some-length')
  await writeFile(config, `providers: [${provider}]\nrouting: { policy_file: ${policy} }\n`)
  await writeFile(policy, 'version: 1\ndefaults: { providers: { z: {} } }\n')
  const bad = await runCommand(['config', 'check', config])
  expect(bad.exitCode).toBe(2)
  expect(bad.stderr).toContain('routing.policy_file/defaults/providers/z: "z" is none of the providers a')
  await writeFile(policy, 'version: 1\ndefaults: { providers: { a: { price: 1 } } }\n')
  const good = await runCommand(['config', 'check', config])
  expect([good.stderr, good.exitCode]).toEqual(['', 0])
  await rm(policy)
  expect((await runCommand(['config', 'check', config])).stderr).toContain('cannot be read (ENOENT)')
})
