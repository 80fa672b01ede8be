import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { closed, listening } from './media-edge.ts'

const require = createRequire(import.meta.url)

export type Format = 'hls' | 'dash'
export type PlayerName = keyof typeof LIBRARIES

/** What a player's page is made of. */
export interface PlayerPage {
  readonly player: PlayerName
  readonly format: Format
  /** The multivariant playlist or the MPD. */
  readonly presentation: string
}

/** A page in which a real player plays a presentation. */
export interface Playing extends AsyncDisposable {
  /** Seconds of the presentation that have been played. */
  position(): Promise<number>
  /** What the page said on its console, for failures. */
  readonly said: readonly string[]
}

const LIBRARIES = {
  'hls.js': () => readFileSync(join(require.resolve('hls.js'), '../hls.min.js')),
  'dash.js': () => readFileSync(join(require.resolve('dashjs'), '../../umd/dash.all.min.js')),
  'shaka-player': () => readFileSync(join(require.resolve('shaka-player'), '../shaka-player.compiled.js')),
  'video.js': () => readFileSync(join(require.resolve('video.js'), '../video.min.js')),
}

const MEDIA_TYPES = { hls: 'application/vnd.apple.mpegurl', dash: 'application/dash+xml' } as const

/** A short buffer, so that a switch shows soon. */
const SCRIPTS: Readonly<Record<PlayerName, (format: Format) => string>> = {
  'hls.js': () => `
    const hls = new Hls({ maxBufferLength: 4, maxMaxBufferLength: 4, debug: false })
    hls.on(Hls.Events.ERROR, (_, data) => console.log('error', data.type, data.details, data.fatal))
    hls.loadSource('/presentation')
    hls.attachMedia(video)`,
  'dash.js': () => `
    const player = dashjs.MediaPlayer().create()
    player.updateSettings({ streaming: { buffer: { bufferTimeDefault: 4, bufferTimeAtTopQuality: 4, bufferTimeAtTopQualityLongForm: 4 } } })
    player.on(dashjs.MediaPlayer.events.ERROR, (e) => console.log('error', JSON.stringify(e.error)))
    player.initialize(video, '/presentation', true)`,
  'shaka-player': (format) => `
    const player = new shaka.Player()
    player.configure({ streaming: { bufferingGoal: 4, rebufferingGoal: 1, bufferBehind: 4 } })
    player.addEventListener('error', (e) => console.log('error', e.detail.code, e.detail.data.join(' ')))
    player.attach(video).then(() => player.load('/presentation', 0, '${MEDIA_TYPES[format]}'))
      .catch((e) => console.log('load', e.code, e.message))`,
  'video.js': (format) => `
    videojs.Vhs.GOAL_BUFFER_LENGTH = 4
    videojs.Vhs.MAX_GOAL_BUFFER_LENGTH = 4
    const player = videojs(video, { autoplay: true, muted: true, html5: { vhs: { overrideNative: true } } })
    player.on('error', () => console.log('error', JSON.stringify(player.error())))
    player.src({ src: '/presentation', type: '${MEDIA_TYPES[format]}' })`,
}

/** Starts the Chromium on the PATH, without a window. */
export async function startBrowser(): Promise<Browser> {
  const folder = (process.env['PATH'] ?? '').split(delimiter).find((one) => existsSync(join(one, 'chromium')))
  if (folder === undefined) throw new Error('there is no chromium on the PATH')
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
  })
}

/** `client`: the address that the page speaks for, as a proxy would. */
export async function play(browser: Browser, page: PlayerPage, client: string): Promise<Playing> {
  const library = LIBRARIES[page.player]()
  const html = `<!doctype html><meta charset="utf-8"><title>player</title><video muted autoplay></video>
    <script src="/library.js"></script>
    <script>const video = document.querySelector('video');${SCRIPTS[page.player](page.format)}</script>`
  const files = new Map<string, readonly [string, string | Buffer]>([
    ['/', ['text/html', html]],
    ['/library.js', ['text/javascript', library]],
    ['/presentation', [MEDIA_TYPES[page.format], page.presentation]],
  ])
  const server = createServer((request, response) => {
    const [contentType, content] = files.get(request.url ?? '') ?? []
    if (contentType === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'Content-Type': contentType }).end(content)
  })
  const url = await listening(server)
  const context = await browser.newContext({ extraHTTPHeaders: { 'X-Forwarded-For': client } })
  const tab: Page = await context.newPage()
  const said: string[] = []
  tab.on('console', (message) => said.push(message.text()))
  tab.on('pageerror', (error) => said.push(String(error)))
  await tab.goto(url)
  return {
    said,
    position: () => tab.locator('video').evaluate((video) => ('currentTime' in video ? Number(video.currentTime) : 0)),
    async [Symbol.asyncDispose]() {
      await context.close()
      await closed(server)
    },
  }
}
