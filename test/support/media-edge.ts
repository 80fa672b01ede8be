import { createServer, type Server } from 'node:http'
import { CODEC, initSegment, mediaSegment, SEGMENT_SECONDS } from './silent-media.ts'

/** One CDN's edge for media, and what players took from it. */
export interface MediaEdge extends AsyncDisposable {
  readonly url: string
  /** Media segments that were asked for, by number, in the order of asking. */
  readonly segments: readonly number[]
  /** While set, every request gets 503. */
  broken: boolean
}

const SEGMENTS = 600

/** At a free port of 127.0.0.1, or at the port of `beside` of the next loopback address. */
export async function startMediaEdge({ beside }: { readonly beside?: MediaEdge } = {}): Promise<MediaEdge> {
  const segments: number[] = []
  const edge = { broken: false }
  const server = createServer((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Access-Control-Allow-Headers', '*')
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end()
      return
    }
    const path = (request.url ?? '').split('?')[0] ?? ''
    const number = /^\/segment-(\d+)\.m4s$/.exec(path)?.[1]
    if (edge.broken) {
      response.writeHead(503).end()
      return
    }
    if (number !== undefined) {
      segments.push(Number(number))
      response.writeHead(200, { 'Content-Type': 'audio/mp4' }).end(mediaSegment(Number(number)))
    } else if (path === '/init.mp4') response.writeHead(200, { 'Content-Type': 'audio/mp4' }).end(initSegment())
    else if (path === '/media.m3u8')
      response.writeHead(200, { 'Content-Type': 'application/vnd.apple.mpegurl' }).end(MEDIA_PLAYLIST)
    else response.writeHead(404).end()
  })
  const url = await (beside === undefined
    ? listening(server)
    : listening(server, '127.0.0.2', new URL(beside.url).port))
  return {
    url,
    segments,
    get broken() {
      return edge.broken
    },
    set broken(value: boolean) {
      edge.broken = value
    },
    [Symbol.asyncDispose]: () => closed(server),
  }
}

const MEDIA_PLAYLIST = [
  '#EXTM3U',
  '#EXT-X-VERSION:7',
  `#EXT-X-TARGETDURATION:${SEGMENT_SECONDS}`,
  '#EXT-X-PLAYLIST-TYPE:VOD',
  '#EXT-X-MAP:URI="init.mp4"',
  ...Array.from({ length: SEGMENTS }, (_, index) => `#EXTINF:${SEGMENT_SECONDS}.0,\nsegment-${index}.m4s`),
  '#EXT-X-ENDLIST',
  '',
].join('\n')

/** The presentation that names each edge as a pathway, with a steering server. */
export function multivariantPlaylist(edges: ReadonlyMap<string, MediaEdge>, steering: string, first: string): string {
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-CONTENT-STEERING:SERVER-URI="${steering}",PATHWAY-ID="${first}"`,
    ...[...edges].flatMap(([pathway, { url }]) => [
      `#EXT-X-STREAM-INF:BANDWIDTH=20000,CODECS="${CODEC}",STABLE-VARIANT-ID="only",PATHWAY-ID="${pathway}"`,
      `${url}/media.m3u8`,
    ]),
    '',
  ].join('\n')
}

/** The same for DASH. */
export function mpd(edges: ReadonlyMap<string, MediaEdge>, steering: string, first: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="urn:mpeg:dash:profile:isoff-live:2011"
  minBufferTime="PT1S" mediaPresentationDuration="PT${SEGMENTS * SEGMENT_SECONDS}S">
  <ContentSteering defaultServiceLocation="${first}" queryBeforeStart="true">${steering}</ContentSteering>
  ${[...edges].map(([pathway, { url }]) => `<BaseURL serviceLocation="${pathway}">${url}/</BaseURL>`).join('\n  ')}
  <Period id="1" start="PT0S">
    <AdaptationSet contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1">
      <SegmentTemplate timescale="1" duration="${SEGMENT_SECONDS}" startNumber="0" initialization="init.mp4"
        media="segment-$Number$.m4s"/>
      <Representation id="only" codecs="${CODEC}" bandwidth="20000" audioSamplingRate="48000"/>
    </AdaptationSet>
  </Period>
</MPD>
`
}

export async function listening(server: Server, host = '127.0.0.1', port = '0'): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(port), host, resolve)
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('it listens nowhere')
  return `http://${host}:${address.port}`
}

export async function closed(server: Server): Promise<void> {
  const end = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  server.closeAllConnections()
  await end
}
