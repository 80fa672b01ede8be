import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { describeWithPrograms } from '../support/describe-with-programs.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-ports.ts'
import { type LabProcesses, startLabProcesses } from '../support/lab-processes.ts'
import { type MediaEdge, mpd, multivariantPlaylist, startMediaEdge } from '../support/media-edge.ts'
import { type PlantedBroker, plantBroker } from '../support/planted-broker.ts'
import { type Playing, play, startBrowser } from '../support/player-page.ts'

/** In the footprints of cdn-a, which is at home there, and of cdn-c. */
const CLIENT = '192.0.2.7'

describeWithPrograms(['chromium'], 'real players in a real browser', () => {
  let lab: LabProcesses
  let folder: string
  let broker: PlantedBroker
  let browser: Browser

  beforeAll(async () => {
    lab = await startLabProcesses()
    folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-steering-'))
    const port = await freePort()
    broker = await plantBroker({
      folder,
      port,
      cdns: lab.cdns,
      config: {
        // Shaka Player takes a relative RELOAD-URI for one of the presentation's server.
        steering: { enabled: true, public_url: `http://127.0.0.1:${port}` },
        routing: { ttl_seconds: 1, degraded_ttl_seconds: 1, scope_names: ['match'] },
      },
    })
    await broker.start()
    await broker.client.createScope({ name: 'match' })
    browser = await startBrowser()
  })

  afterAll(async () => {
    await browser.close()
    await broker[Symbol.asyncDispose]()
    await lab[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  async function setState(provider: string, state: 'enabled' | 'drained'): Promise<void> {
    const reason = state === 'enabled' ? {} : { reason: 'to see players move' }
    const answer = await broker.client.call('PUT', `/providers/${provider}/state`, { body: { state, ...reason } })
    expect(answer.status).toBe(200)
  }

  /** More segments from this edge, while the player goes on playing. */
  async function expectPlaysFrom(edge: MediaEdge, playing: Playing): Promise<void> {
    const [taken, from] = [edge.segments.length, await playing.position()]
    await eventually(
      `it plays from that CDN; it said ${playing.said.join('; ')}`,
      async () => edge.segments.length >= taken + 3 && (await playing.position()) > from + 1,
      30_000,
    )
  }

  it.each([
    ['hls.js', 'hls'],
    ['dash.js', 'dash'],
    ['shaka-player', 'hls'],
    ['shaka-player', 'dash'],
    ['video.js', 'hls'],
  ] as const)(
    '(%s for %s) play from the CDN of the decision, leave it when it is drained, and come back',
    async (player, format) => {
      const a = await startMediaEdge()
      const c = await startMediaEdge()
      onTestFinished(() => a[Symbol.asyncDispose]())
      onTestFinished(() => c[Symbol.asyncDispose]())
      onTestFinished(() => setState('cdn-a', 'enabled'))
      const edges = new Map([
        ['cdn-c', c],
        ['cdn-a', a],
      ])
      const steering = `${broker.client.url}/steering/match/${format}.json`
      // DASH players ask before they start, so this one begins with the wrong CDN. hls.js asks while it starts, and
      // hangs when it is steered away while its first segment is under way.
      const presentation =
        format === 'hls' ? multivariantPlaylist(edges, steering, 'cdn-a') : mpd(edges, steering, 'cdn-c')
      const playing = await play(browser, { player, format, presentation }, CLIENT)
      onTestFinished(() => playing[Symbol.asyncDispose]())

      await expectPlaysFrom(a, playing)
      await setState('cdn-a', 'drained')
      await expectPlaysFrom(c, playing)
      const left = a.segments.length
      await expectPlaysFrom(c, playing)
      expect(a.segments).toHaveLength(left)
      await setState('cdn-a', 'enabled')
      await expectPlaysFrom(a, playing)
    },
  )
})
