import { parentPort, workerData } from 'node:worker_threads'
import { GeoFileError } from '../../routing/geo-file-error.ts'
import { loadSource } from './load-source.ts'
import { sourceInputSchema } from './source-messages.ts'

// The thread of `loadInThread`: reads one source, answers, and ends.

const input = sourceInputSchema.parse(workerData)
try {
  const { name, editions, table } = await loadSource(input)
  const { v4, v6, facts } = table
  parentPort?.postMessage({ name, editions, table: { v4, v6, facts } }, [])
} catch (error) {
  if (!(error instanceof GeoFileError)) throw error
  parentPort?.postMessage({ refused: error.message }, [])
}
