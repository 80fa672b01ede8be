import { Worker } from 'node:worker_threads'
import { GeoFileError } from '../../routing/geo-file-error.ts'
import { type GeoSource, geoSourceOf } from '../../routing/geo-source.ts'
import { programFile } from '../program-file.ts'
import { loadSource, type SourceInput } from './load-source.ts'
import { sourceReplySchema } from './source-messages.ts'

const MAX_LOAD_MS = 120_000
/** Geofeeds shorter than this are read in less time than a thread takes to start, a millisecond or two. */
const MIN_LENGTH = 16_384

/**
 * Reads and checks a source, in a thread of its own unless it is small, so that look-ups do not wait for a large one.
 * Throws `GeoFileError` for data that must not be used, also when reading them takes longer than two minutes or breaks
 * the thread.
 */
export function loadAside(input: SourceInput): Promise<GeoSource> {
  return input.kind === 'geofeed' && input.text.length < MIN_LENGTH ? loadSource(input) : loadInThread(input)
}

async function loadInThread(input: SourceInput): Promise<GeoSource> {
  const reply = sourceReplySchema.safeParse(await ask(input))
  if (!reply.success) throw new GeoFileError(input.name, 'the thread that reads it gave no sound answer')
  if ('refused' in reply.data) throw new GeoFileError(input.name, whyOf(reply.data.refused))
  const { name, editions, table } = reply.data
  return geoSourceOf(name, editions, table)
}

function ask(input: SourceInput): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(programFile('broker/footprint-sources/source-worker'), {
      name: 'footprint source',
      workerData: input,
    })
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      settle()
      // Nobody waits for the end of a thread that has answered or is given up.
      void worker.terminate()
    }
    const fail = (why: string): void => end(() => reject(new GeoFileError(input.name, why)))
    const timer = setTimeout(() => fail(`reading it takes longer than ${MAX_LOAD_MS} ms`), MAX_LOAD_MS)
    worker.unref()
    worker.once('message', (message: unknown) => end(() => resolve(message)))
    worker.once('error', (error) =>
      fail(`the thread that reads it broke (${error instanceof Error ? error.name : 'unknown'})`),
    )
    worker.once('exit', () => fail('the thread that reads it ended without an answer'))
  })
}

/** The reason alone: the error that it goes into names the source itself. */
function whyOf(message: string): string {
  return message.replace(/^cannot use the geo file .*?: (?=\S)/, '')
}
