import { parentPort } from 'node:worker_threads'
import { engineCallSchema, transferablesOf } from './coverage-calls.ts'
import { createCoverageEngine } from './coverage-engine.ts'

// The thread of `startCoverageThread`: takes calls one after the other and answers each.

const engine = createCoverageEngine(() => performance.now())
const port = parentPort
let turn = Promise.resolve()

port?.on('message', (message: unknown) => {
  turn = turn.then(() => answer(message))
})

async function answer(message: unknown): Promise<void> {
  const call = engineCallSchema.parse(message)
  const { id } = call
  try {
    switch (call.method) {
      case 'loadGeo':
        port?.postMessage({ id, value: await engine.loadGeo(call.argument) }, [])
        return
      case 'setSources':
        port?.postMessage({ id, value: await engine.setSources(call.argument) }, [])
        return
      case 'tally':
        port?.postMessage({ id, value: await engine.tally(call.argument) }, [])
        return
      case 'compile': {
        const value = await engine.compile(call.argument)
        port?.postMessage({ id, value }, transferablesOf(value.parts))
        return
      }
    }
  } catch (error) {
    port?.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, [])
  }
}
