import { canonicalJson } from '../../fci/canonical-json.ts'
import type { WireAdvertisement } from '../../fci/print-advertisement.ts'
import { type AskedCapability, filterCapabilities } from '../../federation/filter-advertisement.ts'
import { documentOf, type EditionText } from './edition.ts'
import { jsonPatchText } from './edition-changes.ts'

/** Ids of our ALTO resources (RFC 7285 9.1.1). */
export const ADVERTISEMENT_RESOURCE = 'cdni-advertisement'
export const FILTERED_RESOURCE = 'filtered-cdni-advertisement'
const UPDATES_RESOURCE = 'cdni-advertisement-updates'

export const ALTO_CDNI = 'application/alto-cdni+json'
export const ALTO_FILTER = 'application/alto-cdnifilter+json'
export const ALTO_DIRECTORY = 'application/alto-directory+json'
export const ALTO_UPDATE_PARAMS = 'application/alto-updatestreamparams+json'
export const EVENTS = 'text/event-stream'
export const PATCH_TYPES = ['application/json-patch+json', 'application/merge-patch+json'] as const

/**
 * A CDNI Advertisement resource, whole or filtered, in canonical JSON (RFC 9241 3.6, 5.6). The tag is that of the whole
 * one, whatever was asked for.
 */
function altoText(
  { capabilities, ...path }: WireAdvertisement,
  version: string,
  asked: readonly AskedCapability[] | undefined,
): string {
  return canonicalJson({
    meta: {
      vtag: { 'resource-id': asked === undefined ? ADVERTISEMENT_RESOURCE : FILTERED_RESOURCE, tag: version },
    },
    'cdni-advertisement': { 'capabilities-with-footprints': filterCapabilities(capabilities, asked ?? []), ...path },
  })
}

/** `altoText` of an edition. */
export function altoTextOf(edition: EditionText, asked: readonly AskedCapability[] | undefined): string {
  return altoText(documentOf(edition), edition.version, asked)
}

/** The JSON Patch (RFC 6902) that leads from the resource of one edition to that of another. */
export function altoPatchText(
  before: EditionText,
  edition: EditionText,
  asked: readonly AskedCapability[] | undefined,
): string {
  return jsonPatchText(altoTextOf(before, asked), altoTextOf(edition, asked))
}

/** The information resource directory (RFC 7285 9.2, RFC 9241 3.7.1, RFC 8895 6.4 and 6.5). */
export function altoDirectory(publicUrl: string) {
  return {
    meta: {},
    resources: {
      [ADVERTISEMENT_RESOURCE]: { uri: `${publicUrl}/alto/cdni`, 'media-type': ALTO_CDNI },
      [FILTERED_RESOURCE]: {
        uri: `${publicUrl}/alto/cdni/filtered`,
        'media-type': ALTO_CDNI,
        accepts: ALTO_FILTER,
      },
      [UPDATES_RESOURCE]: {
        uri: `${publicUrl}/alto/updates`,
        'media-type': EVENTS,
        accepts: ALTO_UPDATE_PARAMS,
        uses: [ADVERTISEMENT_RESOURCE, FILTERED_RESOURCE],
        capabilities: {
          'incremental-change-media-types': {
            [ADVERTISEMENT_RESOURCE]: PATCH_TYPES.join(','),
            [FILTERED_RESOURCE]: PATCH_TYPES.join(','),
          },
          'support-stream-control': false,
        },
      },
    },
  }
}
