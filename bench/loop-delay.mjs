// Loaded into the built broker before its program: tells its parent, whenever it asks, for how long the event loop of the
// main thread was held up at most since it last asked, in milliseconds.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const RESOLUTION_MS = 1

if (isMainThread && process.channel !== undefined) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  process.on('message', () => {
    process.send?.({ heldUpMs: delays.max / 1e6 - RESOLUTION_MS })
    delays.reset()
  })
  process.channel.unref()
}
