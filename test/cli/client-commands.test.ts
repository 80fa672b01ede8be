import { describe, expect, it } from 'vitest'
import { parsePrefix } from '../../src/fci/prefix.ts'
import { PUBLISH_TOKEN } from '../http/fake-scopes.ts'
import { type CliRun, runCommand } from '../support/cli-run.ts'
import { defined } from '../support/defined.ts'
import { startFrontApi } from '../support/http-broker.ts'

const JsonOf = (text: string): unknown => JSON.parse(text)

async function setUp(role = 'operator') {
  const { api, url } = await startFrontApi()
  const env = { MOQ_BROKER_URL: url, MOQ_BROKER_KEY: `mqb_${role}` }
  const cli = (...args: readonly string[]): Promise<CliRun> => runCommand(args, { env, now: api.now })
  return { api, url, cli }
}

describe('advertisement commands', () => {
  it('show what a CDN advertises, what is held back and what leads nowhere', async () => {
    const { cli } = await setUp('reader')
    const run = await cli('provider', 'advertisement', 'alpha')
    expect(run).toMatchObject({ exitCode: 0, stderr: '' })
    expect(run.stdout).toContain('What alpha advertises')
    expect(run.stdout).toMatch(/^FCI\.DeliveryProtocol .*https\/1\.1.* everybody$/m)
    expect(run.stdout).toMatch(/held back .*it loses 75 %/)
    expect(run.stdout).toMatch(/named footprint https:\/\/a\.example\S+ is unknown and holds nobody/)
  })

  it('list how it changed, and confirm what is held back', async () => {
    const { api, cli } = await setUp()
    const history = await cli('provider', 'advertisement-history', 'alpha')
    expect(history.stdout).toMatch(/held back +poll +75 % +def/)
    expect((await cli('provider', 'confirm-advertisement', 'alpha', '--only', 'def')).exitCode).toBe(0)
    expect(api.advertisements.confirmed).toEqual([{ provider: 'alpha', version: 'def', by: 'operator-id' }])
    expect((await cli('provider', 'confirm-advertisement', 'beta')).exitCode).not.toBe(0)
  })
})

it('geo shows the data by which clients are located', async () => {
  const { cli } = await setUp('reader')
  const run = await cli('geo')
  expect(run).toMatchObject({ exitCode: 0, stderr: '' })
  expect(run.stdout).toMatch(/^geo\.csv +everybody +24 h +3 +1$/m)
  expect(run.stdout).toMatch(/^private urn:example:db +beta +none .*no file is configured/m)
})

describe('scope commands', () => {
  it('create a scope and show its placements and the URL to publish to', async () => {
    const { api, cli } = await setUp()
    const run = await cli('scope', 'create', '--name', 'show', '--primary', 'beta', '--provider', 'alpha, beta')
    expect(run).toMatchObject({ exitCode: 0, stderr: '' })
    expect(run.stdout).toContain('Scope show is ready')
    expect(run.stdout).toMatch(/^alpha +secondary +ready +→ beta +alpha-1$/m)
    expect(run.stdout).toContain(`moqt://beta.example/${PUBLISH_TOKEN}`)
    expect(api.scopes.accepted[0]?.request).toEqual({ name: 'show', primary: 'beta', providers: ['alpha', 'beta'] })
  })

  it('send the origin fallback and the idempotency key', async () => {
    const { api, cli } = await setUp()
    await cli('scope', 'create', '--origin', 'moqt://origin.example/t', '--idempotency-key', 'k1')
    expect(api.scopes.accepted[0]).toMatchObject({
      request: { origin: 'moqt://origin.example/t' },
      context: { idempotency: { key: 'k1' } },
    })
  })

  it('take an id or a name, and ask for the id where a name is not enough', async () => {
    const { cli } = await setUp()
    await cli('scope', 'create', '--name', 'one')
    await cli('scope', 'create', '--name', 'two')
    await cli('scope', 'create', '--name', 'two')
    expect((await cli('scope', 'show', 'one')).stdout).toContain('Scope one is ready')
    const twice = await cli('scope', 'show', 'two')
    expect(twice.exitCode).toBe(2)
    expect(twice.stderr).toMatch(/2 scopes are called "two"\n {2}Name one by its id:\n {2}- scope-/)
    expect(await cli('scope', 'show', 'three')).toMatchObject({ exitCode: 3, stdout: '' })
  })

  it('say why a placement is not ready', async () => {
    const { api, cli } = await setUp()
    api.scopes.outcome = { state: 'degraded' }
    const run = await cli('scope', 'create', '--name', 'half')
    expect(run.exitCode).toBe(0)
    expect(run.stdout).toContain('Scope half is degraded')
    expect(run.stdout).toContain('unavailable: does not answer (attempt 1, tried again in 1 s)')
  })

  it('name every provider that failed when nothing could be made', async () => {
    const { api, cli } = await setUp()
    const failures = [{ provider: 'alpha', code: 'timeout', detail: 'no answer within 5 s' }]
    api.scopes.outcome = { state: 'failed', failures }
    const run = await cli('scope', 'create')
    expect(run).toMatchObject({ exitCode: 1, stdout: '' })
    expect(run.stderr).toContain('error: No provider could make the scope')
    expect(run.stderr).toContain('- alpha: timeout: no answer within 5 s')
  })

  it('print the operation with --async, and a change that takes too long is no failure of the change', async () => {
    const { api, cli } = await setUp()
    api.scopes.outcome = { state: 'stuck' }
    const asked = await cli('scope', 'create', '--async')
    expect(asked.exitCode).toBe(0)
    const id = /operation show (\S+)/.exec(asked.stdout)?.[1]
    expect((await cli('operation', 'show', id ?? '')).stdout).toContain('Operation create: running')
    const late = await cli('scope', 'create', '--timeout', '300ms')
    expect(late.exitCode).toBe(1)
    expect(late.stderr).toMatch(/error: Operation \S+ is still at work\n {2}It goes on/)
  })

  it('fail over with a reason, delete, and list what there is', async () => {
    const { api, cli } = await setUp()
    await cli('scope', 'create', '--name', 'demo')
    expect((await cli('scope', 'failover', 'demo', '--to', 'beta', '--reason', 'test')).stdout).toMatch(/primary +beta/)
    expect(api.scopes.accepted.at(-1)?.request).toEqual({ to: 'beta', reason: 'test' })
    expect((await cli('scope', 'list')).stdout).toMatch(/^scope-\S+ +demo +ready +beta/m)
    expect((await cli('scope', 'delete', 'demo')).stdout).toBe('Scope demo is deleted at every CDN.\n')
    expect((await cli('scope', 'list')).stdout).toContain('No scopes.')
  })

  it('give connect URLs by right, and tell a reader that some are withheld', async () => {
    const { api, url, cli } = await setUp()
    await cli('scope', 'create', '--name', 'demo')
    expect((await cli('scope', 'credentials', 'demo', '--right', 'publish')).stdout).toMatch(
      /^alpha {2}primary, publish and subscribe, until 2027-01-01 00:00:00\n {2}moqt:\/\/alpha\.example\//,
    )
    const reader = await runCommand(['scope', 'credentials', 'demo', '--url', url, '--key', 'mqb_reader'])
    expect(reader.stdout).not.toContain(PUBLISH_TOKEN)
    expect(reader.stdout).toContain('2 more may publish; the key of a reader does not get them.')
    expect(api.scopes.accepted).toHaveLength(1)
  })
})

describe('route', () => {
  it('shows the candidates of one client, in order', async () => {
    const { cli } = await setUp()
    const run = await cli('route', '192.0.2.7')
    expect(run.stdout).toMatch(/^192\.0\.2\.7 → alpha {2}\(good for 30 s\)\n\n#/)
    expect(run.stdout).toMatch(/^2 +beta +ipv4cidr 192\.0\.2\.0\/24/m)
    expect(run.stdout).not.toContain('gamma')
  })

  it('explains who is left out and why', async () => {
    const { cli } = await setUp()
    const { stdout } = await cli('route', '192.0.2.7', '--explain')
    expect(stdout).toMatch(/^gamma +drained +maintenance$/m)
    expect(stdout).toContain('the longest match')
    expect(stdout).toMatch(/^2 +beta .* behind alpha: priority 1 after 1; the longest match$/m)
    expect(stdout).toContain('Advertisements: alpha abc (12 s old)')
  })

  it('explains where in the coverage map the answer comes from, and for whom else it holds', async () => {
    const { api, cli } = await setUp()
    api.routes.coverage = {
      map: 'map-1',
      madeAt: Date.UTC(2026, 10, 20, 23, 59),
      kept: true,
      classId: 12,
      prefix: defined(parsePrefix('192.0.2.0/24')),
      readPlainly: ['beta'],
    }
    const { stdout } = await cli('route', '192.0.2.7', '--explain')
    expect(stdout.split('\n').slice(-6)).toEqual([
      'The same for all of 192.0.2.0/24',
      'Coverage map map-1 (1 min old, kept from before the last start): class 12, here 192.0.2.0/24',
      'Not in this map yet, so read plainly: beta',
      'Policy: config',
      'Advertisements: alpha abc (12 s old)',
      '',
    ])
    expect((await cli('route', '192.0.2.7')).stdout).not.toContain('map-1')
  })

  it('shows several clients in one table, and fails when one of them is none', async () => {
    const { cli } = await setUp()
    const good = await cli('route', '192.0.2.7', '2001:db8::1')
    expect(good).toMatchObject({ exitCode: 0, stderr: '' })
    expect(good.stdout.split('\n').slice(1, 3)).toEqual([
      expect.stringMatching(/^192\.0\.2\.7 +alpha .* beta$/),
      expect.stringMatching(/^2001:db8::1 +alpha .* beta$/),
    ])
    const bad = await cli('route', '192.0.2.7', 'nobody')
    expect(bad.exitCode).toBe(2)
    expect(bad.stdout).toMatch(/^nobody +refused +The client is not an IP address\.$/m)
  })
})

describe('provider commands', () => {
  it('drain for a while, with a reason, and enable again', async () => {
    const { api, cli } = await setUp()
    const drained = await cli('provider', 'drain', 'alpha', '--reason', 'upgrade', '--for', '10m')
    expect(drained.stdout).toMatch(/^alpha +draft-http +drained +up .* upgrade, until 2026-11-21 00:10:00 UTC/m)
    expect(api.providers.views.get('alpha')?.administrative).toMatchObject({ state: 'drained', reason: 'upgrade' })
    await cli('provider', 'enable', 'alpha')
    expect(api.providers.views.get('alpha')?.administrative.state).toBe('enabled')
    await cli('provider', 'disable', 'alpha')
    expect(api.providers.views.get('alpha')?.administrative.state).toBe('disabled')
  })

  it('list and show what the broker knows', async () => {
    const { cli } = await setUp()
    expect((await cli('provider', 'list')).stdout).toMatch(/^beta +draft-http +enabled +up +half_open +12 s/m)
    const { stdout } = await cli('provider', 'show', 'alpha')
    expect(stdout).toContain('last error  timeout: no answer within 2 s (0 s ago)')
    expect(stdout).toContain('warning at /capabilities/0: unknown')
  })
})

describe('key commands', () => {
  it('show a new key once, list without secrets, revoke', async () => {
    const { cli } = await setUp('admin')
    expect((await cli('key', 'create', 'ci', '--role', 'operator')).stdout).toBe(
      'Key key0 "ci" with the role operator, shown only now:\nmqb_key0_secret\n',
    )
    expect((await cli('key', 'list')).stdout).toMatch(/^key0 +ci +operator +2026-11-21 00:00:00$/m)
    expect((await cli('key', 'revoke', 'key0')).stdout).toBe('Key key0 is revoked.\n')
  })

  it('are refused to an operator, with the way out', async () => {
    const { cli } = await setUp('operator')
    const run = await cli('key', 'list')
    expect(run).toMatchObject({ exitCode: 4, stdout: '' })
    expect(run.stderr).toContain('This needs the role admin')
    expect(run.stderr).toContain('moq-broker key create NAME --role ROLE')
  })
})

describe('--json', () => {
  it.each([
    [['scope', 'list'], 'scopes'],
    [['scope', 'show', 'demo'], 'scope_id'],
    [['scope', 'credentials', 'demo'], 'credentials'],
    [['scope', 'failover', 'demo', '--to', 'beta'], 'placements'],
    [['scope', 'create', '--async'], 'operation_id'],
    [['route', '192.0.2.7'], 'candidates'],
    [['route', '192.0.2.7', '192.0.2.8'], 'answers'],
    [['provider', 'list'], 'providers'],
    [['provider', 'drain', 'alpha'], 'administrative'],
    [['drill', 'list'], 'drills'],
    [['key', 'list'], 'keys'],
    [['scope', 'delete', 'demo'], 'deleted'],
  ])('of %j is one document on stdout and nothing on stderr', async (args, member) => {
    const { cli } = await setUp('admin')
    await cli('scope', 'create', '--name', 'demo')
    const run = await cli(...args, '--json')
    expect(run).toMatchObject({ exitCode: 0, stderr: '' })
    expect(JsonOf(run.stdout)).toHaveProperty(member)
  })

  it('is the problem when the broker refuses, and the exit code stays', async () => {
    const { cli } = await setUp()
    const run = await cli('scope', 'create', '--primary', '///', '--json')
    expect(run.exitCode).toBe(2)
    expect(JsonOf(run.stdout)).toMatchObject({ status: 400, errors: [{ pointer: '/primary' }] })
    const unreachable = await runCommand(['scope', 'list', '--json', '--url', 'http://127.0.0.1:9'])
    expect(unreachable.exitCode).toBe(1)
    expect(JsonOf(unreachable.stdout)).toMatchObject({ title: expect.stringContaining('http://127.0.0.1:9') })
  })
})

describe('coverage --map', () => {
  it('shows the map, its columns, the geo data and what was refused', async () => {
    const { cli } = await setUp()
    const { stdout } = await cli('coverage', '--map')
    expect(
      stdout,
    ).toBe(`Coverage map map-1: refused  (made 1 min ago in 1.5 s, kept from before the last start, a new one is being made)
The last compilation failed since 2026-11-20T23:59:00.000Z: out of memory
Geo files are not used since 2026-11-20T23:59:00.000Z: geo.csv has lost 80 % of its entries

FAMILY  RANGES  CLASSES   MEMORY
IPv4         3        2   1000 B
IPv6         3        2  1.0 MiB
both         6        3  2.1 KiB

COLUMN     STATE    IN THE MAP  SINCE  IN USE  CONFIRMED  BECAUSE
alpha      behind   v1          2 min  v2       30 s ago
beta       skipped                                        too many outcomes
policy r3           r3          1 min

GEO DATA  VERSION    AGE  ENTRIES
geo.csv   v1       1 min        3
`)
  })

  it('goes not together with what asks for a report', async () => {
    const { cli } = await setUp()
    expect((await cli('coverage', '--map', '--alone')).exitCode).toBe(2)
  })
})
