import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { defined } from '../support/defined.ts'
import { describeWithPrograms } from '../support/describe-with-programs.ts'
import { eventually } from '../support/eventually.ts'
import { type MediaEdge, mpd, multivariantPlaylist, startMediaEdge } from '../support/media-edge.ts'
import { type Format, type PlayerName, type Playing, play, startBrowser } from '../support/player-page.ts'
import { type SteeringRequest, type SteeringStand, startSteeringStand } from '../support/steering-stand.ts'

const CLIENT = '192.0.2.7'
const TTL_MS = 1_000
/** Browsers end timers by whole milliseconds, and our clock is another one. */
const CLOCK_MS = 50
const PATIENCE_MS = 30_000

/** What the table of docs/surfaces.md says of the version that is in package-lock.json. */
interface Habits {
  readonly player: PlayerName
  readonly format: Format
  /** How the pathway in use stands in a report. */
  readonly reports: string
  readonly after429: 'waits' | 'goes on' | 'stops'
  readonly after410: 'goes on' | 'stops'
  /** Whether it plays from clones, and what it replaces of a URL. */
  readonly clones: 'host name' | 'host and port' | 'no'
  /** Whether it soon leaves a CDN that answers 503, though the manifest still names it first. */
  readonly flees: boolean
}

const PLAYERS: readonly Habits[] = [
  {
    player: 'hls.js',
    format: 'hls',
    reports: 'alpha',
    after429: 'stops',
    after410: 'stops',
    clones: 'host name',
    flees: false,
  },
  {
    player: 'dash.js',
    format: 'dash',
    reports: '"alpha"',
    after429: 'waits',
    after410: 'stops',
    clones: 'host and port',
    flees: true,
  },
  {
    player: 'shaka-player',
    format: 'hls',
    reports: 'alpha',
    after429: 'goes on',
    after410: 'goes on',
    clones: 'no',
    flees: false,
  },
  {
    player: 'shaka-player',
    format: 'dash',
    reports: 'alpha',
    after429: 'goes on',
    after410: 'goes on',
    clones: 'no',
    flees: false,
  },
  {
    player: 'video.js',
    format: 'hls',
    reports: 'alpha',
    after429: 'waits',
    after410: 'stops',
    clones: 'no',
    flees: true,
  },
]

describeWithPrograms(['chromium'], 'the steering of', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await startBrowser()
  })

  afterAll(async () => {
    await browser.close()
  })

  describe.each(PLAYERS)('$player for $format', (habits) => {
    it('asks after each TTL at the RELOAD-URI of the last manifest, and says what it uses', async () => {
      const { stand } = await start(browser, habits)
      const requests = await asked(stand, 4)
      expect(requests.every(({ status }) => status === 200)).toBe(true)
      const { format } = habits
      for (const [i, { url, at }] of requests.entries()) {
        const before = requests[i - 1]
        if (before === undefined) continue
        expect(url.href.startsWith(`${stand.url(format)}?s=`)).toBe(true)
        expect(at - before.answeredAt).toBeGreaterThan(TTL_MS - CLOCK_MS)
      }
      const last = defined(requests.at(-1)).url.searchParams
      expect(last.get(`_${format.toUpperCase()}_pathway`)).toBe(habits.reports)
      expect(last.get(`_${format.toUpperCase()}_throughput`)).toMatch(/^\d*$/)
      stand.decide('beta', 'alpha')
      const moved = habits.reports.replace('alpha', 'beta')
      await eventually(
        'it says that it uses the other pathway',
        async () => stand.requests.at(-1)?.url.searchParams.get(`_${format.toUpperCase()}_pathway`) === moved,
        PATIENCE_MS,
      )
    })

    it(`${habits.after410} when steering has ended, and ${habits.after429} when it asks too often`, async () => {
      const { stand, playing } = await start(browser, habits)
      await asked(stand, 2)
      if (habits.after429 !== 'stops') {
        // Long enough that whoever comes within the time for the test has not waited for it.
        const seconds = habits.after429 === 'waits' ? 4 : 3_600
        stand.flood(seconds)
        const refused = await answered(stand, 429)
        stand.drain()
        const next = await followed(stand, refused)
        if (habits.after429 === 'waits')
          expect(next.at - refused.answeredAt).toBeGreaterThan(seconds * 1_000 - CLOCK_MS)
        await eventually('it is admitted again', async () => stand.requests.at(-1)?.status === 200, PATIENCE_MS)
      }
      stand.end()
      const gone = await answered(stand, 410)
      if (habits.after410 === 'goes on') await followed(stand, gone)
      else await expectSilence(stand, playing, gone)
    })
  })

  describe.each(PLAYERS.filter(({ flees }) => flees))('$player for $format', (habits) => {
    it('leaves a CDN that fails by itself, and says so', async () => {
      const { stand, playing, alpha, beta } = await start(browser, habits)
      await asked(stand, 2)
      alpha.broken = true
      await eventually(
        `it takes segments from the other CDN; it said ${playing.said.join('; ')}`,
        async () => beta.segments.length >= 2,
        PATIENCE_MS,
      )
      await eventually(
        'it says that it uses the other pathway',
        async () => stand.requests.at(-1)?.url.href.includes('beta'),
        PATIENCE_MS,
      )
    })
  })

  describe.each(PLAYERS.filter(({ clones }) => clones !== 'no'))('$player for $format', (habits) => {
    it('plays from a pathway that the presentation does not name but the manifest clones', async () => {
      const { stand, playing, beta } = await start(browser, habits, { isCloned: true })
      await asked(stand, 2)
      expect(beta.segments).toEqual([])
      stand.decide('beta', 'alpha')
      await eventually(
        `it takes segments from the clone; it said ${playing.said.join('; ')}`,
        async () => beta.segments.length >= 2,
        PATIENCE_MS,
      )
    })
  })

  describe.each(PLAYERS.filter(({ after429 }) => after429 === 'stops'))('$player for $format', (habits) => {
    it('ends for good when it asks too often', async () => {
      const { stand, playing } = await start(browser, habits)
      await asked(stand, 2)
      stand.flood(1)
      const refused = await answered(stand, 429)
      stand.drain()
      await expectSilence(stand, playing, refused)
    })
  })
})

interface Started {
  readonly alpha: MediaEdge
  readonly beta: MediaEdge
  readonly stand: SteeringStand
  readonly playing: Playing
}

async function start(
  browser: Browser,
  { player, format, clones }: Habits,
  { isCloned = false } = {},
): Promise<Started> {
  const alpha = await startMediaEdge()
  const beta = await startMediaEdge(isCloned && clones === 'host name' ? { beside: alpha } : {})
  const { host, hostname } = new URL(beta.url)
  const stand = await startSteeringStand({
    // It resolves a relative one against the presentation.
    isRelative: player !== 'shaka-player',
    ...(isCloned ? { clone: { host: clones === 'host name' ? hostname : host } } : {}),
  })
  for (const one of [stand, alpha, beta]) onTestFinished(() => one[Symbol.asyncDispose]())
  const edges = new Map([['alpha', alpha], ...(isCloned ? [] : [['beta', beta] as const])])
  const describeMedia = format === 'hls' ? multivariantPlaylist : mpd
  const presentation = describeMedia(edges, stand.url(format), 'alpha')
  const playing = await play(browser, { player, format, presentation }, CLIENT)
  onTestFinished(() => playing[Symbol.asyncDispose]())
  await eventually(
    `it plays; it said ${playing.said.join('; ')}`,
    async () => (await playing.position()) > 0,
    PATIENCE_MS,
  )
  return { stand, playing, alpha, beta }
}

/** The first requests. */
async function asked({ requests }: SteeringStand, count: number): Promise<readonly SteeringRequest[]> {
  return eventually(`${count} requests`, async () => requests.length >= count && requests.slice(0, count), PATIENCE_MS)
}

/** The first request that got this status. */
async function answered({ requests }: SteeringStand, wanted: number): Promise<SteeringRequest> {
  return eventually(`${wanted}`, async () => requests.find(({ status }) => status === wanted), PATIENCE_MS)
}

/** The next request. */
async function followed({ requests }: SteeringStand, one: SteeringRequest): Promise<SteeringRequest> {
  return eventually('it asks again', async () => requests[requests.indexOf(one) + 1], PATIENCE_MS)
}

/** It plays on for several times the TTL, and does not ask. */
async function expectSilence({ requests }: SteeringStand, playing: Playing, last: SteeringRequest): Promise<void> {
  const from = await playing.position()
  await eventually('it plays on', async () => (await playing.position()) > from + 4, PATIENCE_MS)
  expect(requests.slice(requests.indexOf(last) + 1)).toEqual([])
}
