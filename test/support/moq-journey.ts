/**
 * A process that uses everything of the room and closes it; it must then end by itself. With `muted` as argument it
 * silences the MoQ libraries. Prints only `journey done`.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { publishCanary, subscribeCanary } from '../../src/moq/canary.ts'
import { muteMoqLibraries } from '../../src/moq/library-console.ts'
import { probeRelay } from '../../src/moq/open-session.ts'
import { type Relay, startRelay } from '../../src/moq/relay.ts'

if (process.argv.includes('muted')) muteMoqLibraries(console)

const { signal } = new AbortController()
const start = (upstreams: readonly string[]): Promise<Relay> =>
  startRelay({
    host: '127.0.0.1',
    port: 0,
    directory: {
      authorize: (token) =>
        token.startsWith('secret-token') ? { scopeId: 's', publish: true, subscribe: true } : undefined,
      upstreams: () => upstreams,
    },
    log: () => undefined,
  })

const origin = await start([])
const originUrl = `moqt://127.0.0.1:${origin.port}/secret-token-1`
// The second upstream of nowhere keeps a retry going until the end.
const edge = await start([originUrl, 'ws://127.0.0.1:1/secret-token-3'])
const edgeUrl = `moqt://127.0.0.1:${edge.port}/secret-token-2`
const common = { broadcast: 'moq-broker/canary', connectTimeoutMs: 10_000, signal, now: Date.now }

const publisher = await publishCanary({ ...common, connectUrl: originUrl, run: 'run', intervalMs: 20 })
const received = new Promise<void>((resolve) => {
  void subscribeCanary({ ...common, connectUrl: edgeUrl, onObject: () => resolve() })
})
await received
await probeRelay({ connectUrl: edgeUrl, timeoutMs: 10_000, signal, now: Date.now })
await probeRelay({ connectUrl: edgeUrl.replace('secret', 'bad'), timeoutMs: 10_000, signal, now: Date.now }).catch(
  () => undefined,
)
await origin.setDown(true)
await publisher.closed
await delay(50)
await edge.setDown(true)
console.log('journey done')
