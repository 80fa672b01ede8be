import { getPriority, setPriority } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { parentPort } from 'node:worker_threads'
import type { z } from 'zod'
import { engineCallSchema } from './coverage-calls.ts'
import { createCoverageEngine } from './coverage-engine.ts'

// The thread of `startCoverageThread`: takes calls one after the other and answers each.

/** A quarter to a third of a processor that others want, too. */
const NICENESS = 5

const engine = createCoverageEngine(
  () => performance.now(),
  () => setImmediate(),
)
const port = parentPort
let turn = Promise.resolve()

port?.on('message', (message: unknown) => {
  const call = engineCallSchema.parse(message)
  // Writing takes its time, in slices, and nothing waits for it.
  if (call.method === 'keep') void answer(call)
  else turn = turn.then(() => answer(call))
})

async function answer(call: z.output<typeof engineCallSchema>): Promise<void> {
  const { id } = call
  try {
    switch (call.method) {
      case 'loadGeo':
        port?.postMessage({ id, value: await engine.loadGeo(call.argument) }, [])
        return
      case 'setSources':
        port?.postMessage({ id, value: await engine.setSources(call.argument) }, [])
        return
      case 'keep':
        port?.postMessage({ id, value: await engine.keep(call.argument) }, [])
        return
      case 'tally':
        port?.postMessage({ id, value: await engine.tally(call.argument) }, [])
        return
      case 'compile':
        port?.postMessage({ id, value: await engine.compile(call.argument) }, [])
        giveWay()
        return
    }
  } catch (error) {
    port?.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, [])
  }
}

/** With a first map there are look-ups, which go first. On Linux the priority is that of the calling thread alone. */
function giveWay(): void {
  if (process.platform === 'linux' && getPriority() < NICENESS) setPriority(NICENESS)
}
