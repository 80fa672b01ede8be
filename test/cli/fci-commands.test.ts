import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { checkFciDocument } from '../../src/broker/cli/fci-check.ts'
import { checkText } from '../../src/broker/cli/fci-check-text.ts'
import { keepOutput, runCommand } from '../support/cli-run.ts'

const GOOD = JSON.stringify({
  capabilities: [
    {
      'capability-type': 'FCI.DeliveryProtocol',
      'capability-value': { 'delivery-protocols': ['https/1.1', 'moqt'] },
      footprints: [{ 'footprint-type': 'ipv4cidr', 'footprint-value': ['192.0.2.0/24'] }],
    },
  ],
})
const SLOPPY = GOOD.replace('192.0.2.0/24', '10.1.1/24')
const BAD = GOOD.replace('192.0.2.0/24', '10.1/24')
const FEED = '192.0.2.0/24,US,US-AL,,\n198.51.100.0/24,PL,,,\n'

function fileOf(text: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'moq-broker-fci-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'document')
  writeFileSync(path, text)
  return path
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = z.object({ port: z.number() }).parse(server.address())
  return `http://127.0.0.1:${port}`
}

const serveText = (text: string, headers: Readonly<Record<string, string>>, status = 200): Promise<string> =>
  serve((_, response) => {
    response.writeHead(status, headers).end(text)
  })

describe('fci check', () => {
  it.each([
    ['a sound advertisement', GOOD, [], 0, /an advertisement \(RFC 8008\); nothing to remark/],
    ['a sloppy one', SLOPPY, [], 0, /no errors, 1 warning\n[^]*prefix-short-ipv4[^]*RFC 8006 4\.3\.5/],
    ['a sloppy one read strictly', SLOPPY, ['--strict'], 2, /1 error, 1 warning/],
    ['a bad one', BAD, [], 2, /1 error[^]*line 1 \/capabilities\/0\/footprints\/0\/footprint-value\/0/],
    ['no JSON', '{"capabilities":', [], 2, /invalid-json[^]*RFC 8008 5\.2[^]*keep what it had before/],
    ['an empty one', '{"capabilities":[]}', [], 0, /can serve nothing \(RFC 9241 3\.6\)/],
    [
      'a geofeed',
      FEED,
      [],
      0,
      /a geofeed \(RFC 8805\); nothing to remark[^]*2 entries used, 0 discarded[^]*2: PL 1, US 1/,
    ],
    ['a geofeed taken for an advertisement', FEED, ['--kind', 'advertisement'], 2, /invalid-json/],
    ['a page', '<html></html>', [], 2, /no advertisement/],
  ] as const)('of %s', async (_, text, options, exitCode, printed) => {
    const run = await runCommand(['fci', 'check', fileOf(text), ...options])
    expect(run).toMatchObject({ exitCode, stderr: '' })
    expect(run.stdout).toMatch(printed)
  })

  it('tells what a broker would understand, and where it is served', async () => {
    const { stdout } = await runCommand(['fci', 'check', fileOf(GOOD)])
    expect(stdout).toMatch(/FCI\.DeliveryProtocol {2}https\/1\.1, moqt {2}256 IPv4 addresses/)
    expect(stdout).toMatch(/MoQ {7}256 IPv4 addresses \(in 1 IPv4 prefix\)/)
  })

  it('reads different types as alternatives where it is told to', async () => {
    const both = GOOD.replace(
      '"footprints":[',
      '"footprints":[{"footprint-type":"countrycode","footprint-value":["de"]},',
    )
    const as = async (...options: readonly string[]) =>
      (await runCommand(['fci', 'check', fileOf(both), ...options])).stdout
    expect(await as()).toContain('1 combination of constraints narrowing each other')
    expect(await as('--combination', 'or')).toMatch(/footprint-combination-or[^]*256 IPv4 addresses; DE/)
  })

  it('knows named footprints by their members, and judges their hierarchy', async () => {
    const named = (name: string, prefix: string, subfootprints: readonly object[] = []) => ({
      'footprint-name': name,
      'footprint-uri': `https://peer.example/${name}`,
      'footprint-expires': '2027-01-01T00:00:00Z',
      'footprint-def': { 'footprint-type': 'ipv4cidr', 'footprint-value': [prefix] },
      subfootprints,
    })
    const namespace = (...footprints: readonly object[]) =>
      JSON.stringify([{ 'footprint-namespace': 'regions', 'footprint-type': 'coverage', footprints }])
    const good = await runCommand([
      'fci',
      'check',
      fileOf(namespace(named('east', '10.0.0.0/8', [named('town', '10.1.0.0/16')]))),
    ])
    expect(good).toMatchObject({ exitCode: 0, stderr: '' })
    expect(good.stdout).toMatch(/named footprints \(\[NF\]\); nothing to remark/)
    expect(good.stdout).toMatch(/regions +east +2027-01-01 00:00:00 +16\.8 million IPv4 addresses\n +regions +town/)
    const bad = await runCommand([
      'fci',
      'check',
      fileOf(namespace(named('a', '10.0.0.0/8'), named('b', '10.1.0.0/16'))),
      '--json',
    ])
    expect(bad.exitCode).toBe(2)
    expect(JSON.parse(bad.stdout)).toMatchObject({
      kind: 'footprints',
      findings: [{ code: 'named-siblings-overlap', clause: '[NF] 2.6', pointer: '/0/footprints/1/footprint-def' }],
      understood: [{ namespace: 'regions', level: 0, name: 'a' }, { name: 'b' }],
    })
    const none = await runCommand(['fci', 'check', fileOf('{}'), '--kind', 'footprints'])
    expect(none.exitCode).toBe(2)
    expect(none.stdout).toMatch(/not-named-footprints[^]*keep what it had/)
  })

  it('tells which private features metadata puts in force', async () => {
    const metadata = {
      metadata: [{ 'generic-metadata-type': 'MI.PrivateFeature.ACME.Hammer', 'generic-metadata-value': {} }],
    }
    const host = JSON.stringify({ host: 'video.example', 'host-metadata': metadata })
    const run = await runCommand(['fci', 'check', fileOf(host)])
    expect(run).toMatchObject({ exitCode: 0, stderr: '' })
    expect(run.stdout).toMatch(
      /metadata, as far as private features go[^]*video\.example +MI\.PrivateFeature\.ACME\.Hammer +Hammer of ACME \(named\)/,
    )
    const bad = await runCommand([
      'fci',
      'check',
      fileOf(host.replace('"generic-metadata-value":{}', '"generic-metadata-value":{"href":"x"}')),
    ])
    expect(bad.exitCode).toBe(2)
    expect(bad.stdout).toMatch(/private-feature-href[^]*must not be served/)
  })

  it('prints one JSON document', async () => {
    const run = await runCommand(['fci', 'check', fileOf(BAD), '--json'])
    expect(run.exitCode).toBe(2)
    expect(JSON.parse(run.stdout)).toMatchObject({
      kind: 'advertisement',
      envelope: 'rfc8008',
      errors: 1,
      warnings: 1,
      findings: [
        { severity: 'error', code: 'prefix-invalid', clause: 'RFC 8006 4.3.5', line: 1 },
        { severity: 'warning', code: 'footprint-empty', clause: 'RFC 9388 2.2' },
      ],
      understood: { capabilities: [{ type: 'FCI.DeliveryProtocol', saysMoq: true }], moq: { ipv4Addresses: 0 } },
    })
    const feed = await runCommand(['fci', 'check', fileOf('192.0.2.0/24,USA,,,\n'), '--json'])
    expect(JSON.parse(feed.stdout)).toMatchObject({
      kind: 'geofeed',
      errors: 2,
      entries: 0,
      discarded: 1,
      isUsable: false,
    })
  })

  it('shows the first of many findings that are alike, inside the width of the terminal', () => {
    const values = Array.from({ length: 30 }, (_, i) => `10.${i}/24`)
    const text = GOOD.replace('"192.0.2.0/24"', values.map((value) => JSON.stringify(value)).join(','))
    const out = keepOutput({ width: 80 })
    const printed = checkText(checkFciDocument({ name: 'a.json', text }, undefined, {}), out)
    expect(printed).toContain('and 25 more like these')
    for (const line of printed.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('lets no escape sequence of a peer reach the terminal', async () => {
    const text = GOOD.replace('FCI.DeliveryProtocol', 'FCI.\\u001b[31mRed').replace('192.0.2.0/24', '\\u001b[2J')
    const { stdout } = await runCommand(['fci', 'check', fileOf(text)])
    expect(stdout).not.toContain('\u001b')
  })

  it.each([
    [['fci', 'check', '/nonexistent/file'], /cannot be read/],
    [['fci', 'check', 'https://user:pw@peer.example/'], /without user information/],
    [['fci', 'check', 'x', '--kind', 'poem'], /--kind: must be one of advertisement/],
    [['fci', 'check', 'x', '--timeout', 'soon'], /--timeout: must be a duration/],
    [['fci', 'check', 'https://peer.example/', '--token', 'env:NOT_SET'], /NOT_SET is not set/],
    [['fci', 'check', 'https://peer.example/', '--token', 'sesame'], /does not belong on the command line/],
  ])('%j is wrong usage', async (args, message) => {
    const run = await runCommand(args)
    expect(run).toMatchObject({ exitCode: 2, stdout: '' })
    expect(run.stderr).toMatch(message)
    expect(run.stderr).not.toContain('sesame')
  })

  it('refuses what is not UTF-8', async () => {
    const run = await runCommand(['fci', 'check', fileOf(Uint8Array.of(0x7b, 0xff, 0x7d))])
    expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is not UTF-8') })
  })
})

describe('fci check of a URL', () => {
  it('asks for the media types with the token, and judges the answer’s', async () => {
    const asked: unknown[] = []
    const url = await serve((request, response) => {
      asked.push([request.headers.authorization, request.headers.accept?.split(',')[0]])
      response.writeHead(200, { 'content-type': 'application/cdni; ptype=FCI.Advertisement' }).end(GOOD)
    })
    const run = await runCommand(['fci', 'check', `${url}/fci?secret=1`, '--token', 'env:TOKEN'], {
      env: { TOKEN: 'sesame' },
    })
    expect(run).toMatchObject({ exitCode: 0, stderr: '' })
    expect(run.stdout).toMatch(/\/fci: an advertisement \(RFC 8008\); nothing to remark/)
    expect(run.stdout).not.toMatch(/secret=1|sesame/)
    expect(asked).toEqual([['Bearer sesame', 'application/cdni']])
  })

  it.each([
    ['application/cdni', 0, 'warning media-type-no-ptype'],
    ['text/html', 2, 'error media-type-other'],
    ['application/cdni; ptype=MI.HostIndex', 2, 'error media-type-other'],
    ['application/json', 0, 'nothing to remark'],
  ])('sent as %s', async (contentType, exitCode, printed) => {
    const run = await runCommand(['fci', 'check', await serveText(GOOD, { 'content-type': contentType })])
    expect(run.exitCode).toBe(exitCode)
    expect(run.stdout).toContain(printed)
  })

  it.each([
    [404, 3, /answered 404/],
    [401, 4, /answered 401[^]*--token/],
    [406, 2, /answered 406[^]*application\/cdni/],
    [503, 1, /answered 503/],
  ])('that answers %i ends with %i', async (status, exitCode, printed) => {
    const run = await runCommand(['fci', 'check', await serveText('no', { 'content-type': 'text/plain' }, status)])
    expect(run).toMatchObject({ exitCode, stdout: '' })
    expect(run.stderr).toMatch(printed)
  })

  it('that redirects to another place is not followed there', async () => {
    const other = await serveText(GOOD, { 'content-type': 'application/json' })
    const url = await serveText('', { location: other }, 302)
    const run = await runCommand(['fci', 'check', url])
    expect(run).toMatchObject({ exitCode: 1, stdout: '' })
    expect(run.stderr).toMatch(/redirects to another place/)
  })

  it('that does not answer in time, or that nobody serves, is a failure', async () => {
    const silent = await serve(() => {})
    const late = await runCommand(['fci', 'check', silent, '--timeout', '50ms'])
    expect(late).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/within 50 ms/) })
    const gone = await runCommand(['fci', 'check', 'http://127.0.0.1:9/'])
    expect(gone).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/could not be reached/) })
  })
})

describe('fci diff', () => {
  it('tells what changed in addresses, codes and capabilities', async () => {
    const after = JSON.stringify({
      capabilities: [
        {
          'capability-type': 'FCI.DeliveryProtocol',
          'capability-value': { 'delivery-protocols': ['moqt'] },
          footprints: [{ 'footprint-type': 'ipv4cidr', 'footprint-value': ['192.0.2.0/25', '203.0.113.0/24'] }],
        },
      ],
    })
    const run = await runCommand(['fci', 'diff', fileOf(GOOD), fileOf(after)])
    expect(run).toMatchObject({ exitCode: 0, stderr: '' })
    expect(run.stdout).toMatch(
      /Where MoQ is served:\n.*\n {2}IPv4 addresses +256 +384 +128 \(50 %\) +256 +-192\.0\.2\.128\/25 \+203\.0\.113\.0\/24/,
    )
    expect(run.stdout).toMatch(/- {2}FCI\.DeliveryProtocol {2}\{"delivery-protocols":\["https\/1\.1","moqt"\]\}/)
    expect(run.stdout).toMatch(/\+ {2}FCI\.DeliveryProtocol {2}\{"delivery-protocols":\["moqt"\]\}/)
    const json = await runCommand(['fci', 'diff', fileOf(GOOD), fileOf(after), '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ changed: true, lostShares: { v4: 0.5, v6: 0, codes: 0 } })
  })

  it('says so when nothing changed, whatever the notation', async () => {
    const url = await serveText(GOOD.replace('192.0.2.0/24', '192.0.2.9/24'), { 'content-type': 'application/json' })
    expect((await runCommand(['fci', 'diff', fileOf(GOOD), url])).stdout).toMatch(/they say the same\n$/)
  })

  it('refuses what is no advertisement', async () => {
    const run = await runCommand(['fci', 'diff', fileOf(GOOD), fileOf(FEED)])
    expect(run).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(/is no advertisement/) })
  })
})
