import { ALTO_CDNI, altoText } from './alto-documents.ts'
import type { Substream } from './alto-request.ts'
import type { Edition } from './edition.ts'
import { jsonPatchText } from './edition-changes.ts'
import { eventText, type WriteEvent } from './event-streams.ts'

/** The event by which a stream begins (RFC 8895 5.3). It has no control resource: to change it, open another one. */
export function writeStarted(substreams: readonly Substream[]): string {
  const started = JSON.stringify({ started: substreams.map(({ id }) => id) })
  return eventText('application/alto-updatestreamcontrol+json', started)
}

/** Events of all substreams for one step (RFC 8895 5.3): `event: <media type>,<substream>`. */
export function writeAltoUpdates(substreams: readonly Substream[]): WriteEvent {
  return ({ version, document }: Edition, before) =>
    substreams
      .map(({ id, asked, incremental }) => {
        const text = altoText(document, version, asked)
        if (before === undefined || !incremental) return eventText(`${ALTO_CDNI},${id}`, text, version)
        const patch = jsonPatchText(altoText(before.document, before.version, asked), text)
        return eventText(`application/json-patch+json,${id}`, patch, version)
      })
      .join('')
}
