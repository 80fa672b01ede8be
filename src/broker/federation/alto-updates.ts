import type { AdvertisementPrinter } from './advertisement-printer.ts'
import { ALTO_CDNI } from './alto-documents.ts'
import type { Substream } from './alto-request.ts'
import { eventText, type WriteEvent } from './event-streams.ts'

/** The event by which a stream begins (RFC 8895 5.3). It has no control resource: to change it, open another one. */
export function writeStarted(substreams: readonly Substream[]): string {
  const started = JSON.stringify({ started: substreams.map(({ id }) => id) })
  return eventText('application/alto-updatestreamcontrol+json', started)
}

/** Events of all substreams for one step (RFC 8895 5.3): `event: <media type>,<substream>`. */
export function writeAltoUpdates(substreams: readonly Substream[], printer: AdvertisementPrinter): WriteEvent {
  return async (edition, before) => {
    const events: string[] = []
    for (const { id, asked, incremental } of substreams) {
      const isWhole = before === undefined || !incremental
      const text = isWhole ? await printer.alto(edition, asked) : await printer.altoPatch(before, edition, asked)
      events.push(
        eventText(isWhole ? `${ALTO_CDNI},${id}` : `application/json-patch+json,${id}`, text, edition.version),
      )
    }
    return events.join('')
  }
}
