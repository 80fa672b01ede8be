import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { closed, listening } from './media-edge.ts'

const require = createRequire(import.meta.url)

/** What a player's page is made of. */
export interface PlayerPage {
  readonly player: 'hls' | 'dash'
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
  hls: () => readFileSync(join(require.resolve('hls.js'), '../hls.min.js')),
  dash: () => readFileSync(join(require.resolve('dashjs'), '../../umd/dash.all.min.js')),
}

/** A short buffer, so that a switch shows soon. */
const SCRIPTS = {
  hls: `
    const hls = new Hls({ maxBufferLength: 4, maxMaxBufferLength: 4, debug: false })
    hls.on(Hls.Events.ERROR, (_, data) => console.log('error', data.type, data.details, data.fatal))
    hls.loadSource('/presentation')
    hls.attachMedia(video)`,
  dash: `
    const player = dashjs.MediaPlayer().create()
    player.updateSettings({ streaming: { buffer: { bufferTimeDefault: 4, bufferTimeAtTopQuality: 4, bufferTimeAtTopQualityLongForm: 4 } } })
    player.on(dashjs.MediaPlayer.events.ERROR, (e) => console.log('error', JSON.stringify(e.error)))
    player.initialize(video, '/presentation', true)`,
} as const

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
    <script>const video = document.querySelector('video');${SCRIPTS[page.player]}</script>`
  const type = page.player === 'hls' ? 'application/vnd.apple.mpegurl' : 'application/dash+xml'
  const files = new Map<string, readonly [string, string | Buffer]>([
    ['/', ['text/html', html]],
    ['/library.js', ['text/javascript', library]],
    ['/presentation', [type, page.presentation]],
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
