import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createPolicyService } from '../../src/broker/routing/create-policy-service.ts'
import { createPolicyBoard } from '../../src/broker/routing/policy-board.ts'
import { openPolicyFile } from '../../src/broker/routing/policy-file.ts'
import { judgePolicyText } from '../../src/broker/routing/policy-text.ts'
import type { Store } from '../../src/broker/store/store.ts'
import { openEmbeddedFolder } from '../store/embedded-folder.ts'
import { NOW, POLICY } from '../support/routing-facts.ts'

const PROVIDERS = new Map(['a', 'b'].map((id) => [id, { weight: 100 }]))
const GOOD = 'version: 1\ndefaults: { ttl_seconds: 20 }\n'
const OTHER = 'version: 1\ndefaults: { ttl_seconds: 40 }\n'
const UNKNOWN = 'version: 1\ndefaults: { providers: { z: {} } }\n'
const BY = { by: 'ops' }

interface Logged {
  readonly event: string
  readonly [field: string]: unknown
}

/** A folder with a store and a policy file, which each process of the test opens anew. */
async function setUp(text: string | undefined) {
  const folder = await openEmbeddedFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const path = join(folder.path, 'policy.yaml')
  const logged: Logged[] = []
  const write = async (content: string): Promise<void> => {
    // As editors and configuration management do it: never half a file.
    await writeFile(`${path}.new`, content)
    await rename(`${path}.new`, path)
  }
  if (text !== undefined) await write(text)
  const start = async (store: Pick<Store, 'get' | 'commit'> = folder.store, providers = PROVIDERS) => {
    const now = (): number => NOW
    const log = (event: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      logged.push({ event, ...fields })
    }
    const file = await openPolicyFile({ path, store, providers, now, log })
    const board = createPolicyBoard({ store: folder.store, base: POLICY, now, log, file })
    await board.refresh()
    const service = createPolicyService({
      store: folder.store,
      board,
      base: POLICY,
      providers,
      file,
      scopes: { get: async () => undefined },
      plans: {
        classInputs() {
          throw new Error('no map')
        },
      },
      map: () => undefined,
      now,
    })
    return { board, service, ttl: () => board.of(undefined, 'k').ttlSeconds }
  }
  return { path, write, start, logged, events: () => logged.map(({ event }) => event) }
}

describe('the policy file of the configuration', () => {
  test('holds from the start, under a revision that its content names', async () => {
    const world = await setUp(GOOD)
    const { board, service, ttl } = await world.start()
    expect(ttl()).toBe(20)
    const { revision, document, file } = await service.show()
    expect(revision).toMatch(/^config-[0-9a-f]{12}$/)
    expect(document).toEqual({ version: 1, defaults: { ttl_seconds: 20 } })
    expect(file).toEqual({ path: world.path, revision, readAt: NOW })
    expect(board.of(undefined, 'k').revision).toBe(revision)
    expect(
      (await (await setUp(`# as JSON\n{"version": 1, "defaults": {"ttl_seconds": 20}}`)).start()).board.of(
        undefined,
        'k',
      ).revision,
    ).toBe(revision)
  })

  test('is followed when it changes, with its rules in the coverage map, and told of once', async () => {
    const world = await setUp(GOOD)
    const { board, ttl } = await world.start()
    let changes = 0
    board.onChange(() => changes++)
    await board.refresh()
    expect(changes).toBe(0)
    const before = board.version()
    await world.write(
      'version: 1\ndefaults:\n  rules:\n    - { id: r, action: deny, footprints: [{ footprint-type: countrycode, footprint-value: [de] }] }\n',
    )
    await board.refresh()
    await board.refresh()
    expect([ttl(), changes, board.version()]).toEqual([POLICY.ttlSeconds, 1, before + 1])
    const { revision } = board.current()
    expect(board.columns()).toMatchObject([{ id: `policy:${revision}`, version: revision }])
    expect(world.events().filter((event) => event === 'policy.file_read')).toHaveLength(2)
  })

  test.each([
    ['names an unknown provider', UNKNOWN, '"z" is none of the providers a, b at /defaults/providers/z'],
    [
      'has profiles in a circle',
      'version: 1\nprofiles: { x: { extends: y }, y: { extends: x } }\n',
      'circle: x -> y -> x',
    ],
    ['is no YAML', 'version: [1\n', 'it is not YAML'],
    [
      'multiplies aliases',
      `a: &a [${'x,'.repeat(50)}]\nb: &b [${'*a,'.repeat(50)}]\nc: [${'*b,'.repeat(50)}]\n`,
      'aliases',
    ],
    ['has an unknown key', 'version: 1\ndefault: {}\n', 'there is no such key at /default'],
    ['is empty', '', 'at the whole'],
  ])('is refused with the reason, once, when it %s; the last good policy stays', async (_, text, reason) => {
    const world = await setUp(GOOD)
    const { board, service, ttl } = await world.start()
    await world.write(text)
    await board.refresh()
    await board.refresh()
    expect(ttl()).toBe(20)
    expect((await service.show()).file?.refused).toMatchObject({ since: NOW, because: expect.stringContaining(reason) })
    expect(world.events().filter((event) => event === 'policy.file_refused')).toHaveLength(1)
    await world.write(OTHER)
    await board.refresh()
    expect([ttl(), (await service.show()).file?.refused]).toEqual([40, undefined])
  })

  test('may vanish: the last good policy stays, also over a restart, until there is a good one again', async () => {
    const world = await setUp(GOOD)
    const first = await world.start()
    await rm(world.path)
    await first.board.refresh()
    expect(first.ttl()).toBe(20)
    const again = await world.start()
    expect(again.ttl()).toBe(20)
    expect(world.logged).toContainEqual(expect.objectContaining({ event: 'policy.file_restored' }))
    expect((await again.service.show()).file).toMatchObject({ refused: { because: 'it cannot be read (ENOENT)' } })
    await world.write(OTHER)
    await again.board.refresh()
    expect(again.ttl()).toBe(40)
  })

  test('stops the start where it is bad and nothing was kept, or what was kept is bad by now', async () => {
    await expect((await setUp(undefined)).start()).rejects.toThrow('cannot be read (ENOENT)')
    const world = await setUp(UNKNOWN)
    await expect(world.start()).rejects.toThrow('/defaults/providers/z: "z" is none of the providers a, b')
    await world.write('version: 1\ndefaults: { providers: { b: { priority: 1 } } }\n')
    await world.start()
    await rm(world.path)
    await expect(world.start(undefined, new Map([['a', { weight: 1 }]]))).rejects.toThrow('ENOENT')
  })

  test('gives way to a policy set over the API, and holds again when that is rolled back', async () => {
    const world = await setUp(GOOD)
    const { board, service, ttl } = await world.start()
    await service.put({ version: 1, defaults: { ttl_seconds: 7 } }, BY)
    expect(ttl()).toBe(7)
    await world.write(OTHER)
    await board.refresh()
    expect(ttl()).toBe(7)
    const { revision, file, earlier } = await service.show()
    expect([revision, earlier]).toEqual(['r1', ['config']])
    expect(file?.revision).not.toBe(revision)
    await service.rollback('config', BY)
    expect([ttl(), (await service.show()).revision]).toEqual([40, file?.revision])
  })

  test('is the one that a trial is compared with', async () => {
    const world = await setUp(GOOD)
    const { board, service } = await world.start()
    await service.rollout({ document: { version: 1, defaults: { ttl_seconds: 7 } }, share: 0.5 }, BY)
    const ttls = new Set(Array.from({ length: 40 }, (_, i) => board.of(undefined, `k${i}`).ttlSeconds))
    expect(ttls).toEqual(new Set([20, 7]))
    await world.write(OTHER)
    await board.refresh()
    const later = new Set(Array.from({ length: 40 }, (_, i) => board.of(undefined, `k${i}`).ttlSeconds))
    expect(later).toEqual(new Set([40, 7]))
  })

  test('holds although it cannot be kept for the next start', async () => {
    const world = await setUp(GOOD)
    const { ttl } = await world.start({ get: async () => undefined, commit: () => Promise.reject(new Error('full')) })
    expect(ttl()).toBe(20)
    expect(world.events()).toContain('policy.file_not_kept')
  })
})

test('no text makes the check of a policy file throw', () => {
  const surroundings = { providers: PROVIDERS, now: NOW }
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.string().map((text) => `version: 1\n${text}`),
      ),
      (text) => {
        const judged = judgePolicyText(text, surroundings)
        expect('because' in judged ? judged.because : judged.revision).not.toBe('')
      },
    ),
  )
})
