import { AdvertisementError } from '../../fci/advertisement-error.ts'
import { parseMediaType } from '../../fci/media-type.ts'
import { ThreadError } from '../call-thread.ts'
import type { FciConfig } from '../config/fci-schema.ts'
import { OutboundError } from '../outbound/outbound-error.ts'
import { StoreError } from '../store/store.ts'
import { altoFilter, baseRequest, type LoadDeps } from './advertisement-load.ts'
import { AltoPatchError, applyJsonPatch, applyMergePatch, readAltoJson, versionOfAlto } from './alto-document.ts'
import { readEvents } from './event-stream.ts'

export interface AltoUpdatesDeps extends LoadDeps {
  readonly provider: string
  readonly fci: FciConfig
  readonly updatesUrl: string
  /** The `resource-id` of the last document that was fetched. */
  readonly resourceId: () => string | undefined
  /** A whole document, as the stream's events make it. */
  readonly arrived: (text: string) => Promise<void>
  /** The stream is up: what was had last is current. */
  readonly alive: () => Promise<void>
  /** The stream ended, or something in it cannot be used: the whole document is wanted. */
  readonly refetch: () => Promise<void>
  readonly onState: (state: 'open' | 'closed') => void
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly random: () => number
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void
}

const SUBSTREAM = 'moq-broker'
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

/** What the stream has made so far; forgotten when it may no longer be what the server has. */
interface StreamState {
  document?: unknown
  lastEventId?: string
  retryMs?: number
}

/**
 * Follows an ALTO update stream (RFC 8895, RFC 9241 3.7.3) until the signal ends it: whole documents, merge patches and
 * JSON patches. Never throws: after every end it pauses, longer after each failure and at random, and opens anew; after a
 * patch that does not apply it starts from a whole document.
 */
export async function followAltoUpdates(deps: AltoUpdatesDeps): Promise<void> {
  const { signal } = deps
  const state: StreamState = {}
  let failures = 0
  let told: string | undefined
  while (!signal.aborted) {
    const end = await followOnce(deps, state)
    deps.onState('closed')
    if (signal.aborted) return
    failures = end.received ? 0 : failures + 1
    if (end.because !== told) deps.log('advertisement.stream_ended', { provider: deps.provider, because: end.because })
    told = end.received ? undefined : end.because
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10))
    // Full jitter, or all who lost the same server come back to it at once.
    await deps.sleep(Math.max(state.retryMs ?? 0, pause * deps.random()), signal)
    if (!signal.aborted) await deps.refetch()
  }
}

async function followOnce(
  deps: AltoUpdatesDeps,
  state: StreamState,
): Promise<{ readonly received: boolean; readonly because: string }> {
  let received = false
  try {
    const resourceId = deps.fci.alto?.resource_id ?? deps.resourceId()
    if (resourceId === undefined) return { received, because: 'its document has no resource-id yet' }
    const what = 'its update stream'
    const stream = await deps.fetcher.open({
      ...baseRequest(deps.fci, deps),
      ...openingOf(deps, state, resourceId),
      what,
    })
    deps.onState('open')
    const limits = { maxEvent: deps.fci.max_bytes, idleMs: (deps.fci.alto?.idle_seconds ?? 90) * 1000, what }
    for await (const item of readEvents(stream, limits)) {
      switch (item.kind) {
        case 'alive':
          if (state.document !== undefined) await deps.alive()
          break
        case 'retry':
          state.retryMs = Math.min(item.ms, LONGEST_PAUSE_MS)
          break
        case 'event':
          await takeEvent(deps, state, item.event.event ?? '', item.event.data)
          if (item.event.id !== undefined) state.lastEventId = item.event.id
          received = true
      }
    }
    return { received, because: 'the server ended it' }
  } catch (error) {
    if (error instanceof OutboundError || error instanceof ThreadError) return { received, because: error.message }
    // It is in use already; a store that comes back is written to by the fetch that follows.
    if (error instanceof StoreError) return { received, because: `the store could not keep it (${error.code})` }
    if (!(error instanceof AltoPatchError) && !(error instanceof AdvertisementError)) throw error
    // What the stream made is in doubt, so the next one begins with the whole.
    delete state.document
    delete state.lastEventId
    return { received, because: error.message }
  }
}

function openingOf(
  { updatesUrl, fci }: AltoUpdatesDeps,
  state: StreamState,
  resourceId: string,
): Pick<Parameters<LoadDeps['fetcher']['open']>[0], 'url' | 'method' | 'headers' | 'body' | 'accepts'> {
  const { tag } = versionOfAlto(state.document)
  const input = altoFilter(fci)
  const add = {
    'resource-id': resourceId,
    ...(tag === undefined ? {} : { tag }),
    ...(input === undefined ? {} : { input }),
  }
  return {
    url: updatesUrl,
    method: 'POST',
    headers: {
      accept: 'text/event-stream, application/alto-error+json',
      'content-type': 'application/alto-updatestreamparams+json',
      ...(state.lastEventId === undefined ? {} : { 'last-event-id': state.lastEventId }),
    },
    body: JSON.stringify({ add: { [SUBSTREAM]: add } }),
    accepts: (contentType) => parseMediaType(contentType ?? '')?.essence === 'text/event-stream',
  }
}

/** `event: <media type>,<substream>` (RFC 8895 5.3); unknown ones are left alone. */
async function takeEvent(deps: AltoUpdatesDeps, state: StreamState, name: string, data: string): Promise<void> {
  const [mediaType = '', substream] = name.split(',', 2).map((part) => part.trim())
  if (substream !== SUBSTREAM) return
  const limit = deps.fci.max_bytes
  switch (mediaType) {
    case 'application/alto-cdni+json':
      state.document = readAltoJson(data, limit)
      await deps.arrived(data)
      return
    case 'application/merge-patch+json':
      await changed(deps, state, applyMergePatch(documentOf(state), readAltoJson(data, limit)))
      return
    case 'application/json-patch+json':
      await changed(deps, state, applyJsonPatch(documentOf(state), readAltoJson(data, limit), limit))
  }
}

async function changed(deps: AltoUpdatesDeps, state: StreamState, document: unknown): Promise<void> {
  const text = JSON.stringify(document)
  if (text.length > deps.fci.max_bytes) throw new AltoPatchError('it makes the document larger than fci.max_bytes')
  state.document = document
  await deps.arrived(text)
}

function documentOf({ document }: StreamState): unknown {
  if (document === undefined) throw new AltoPatchError('it came before any whole document')
  return document
}
