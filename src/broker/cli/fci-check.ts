import type { AdvertisementReport } from '../../fci/check-advertisement.ts'
import { checkAdvertisement } from '../../fci/check-advertisement.ts'
import type { MetadataReport } from '../../fci/check-metadata.ts'
import { checkMetadata } from '../../fci/check-metadata.ts'
import type { NamedReport } from '../../fci/check-named-document.ts'
import { checkNamedDocument } from '../../fci/check-named-document.ts'
import { parseMediaType } from '../../fci/media-type.ts'
import { ADVERTISEMENT_PTYPE, acceptsCdniBody } from '../../fci/payload-types.ts'
import type { ReadOptions } from '../../fci/reading.ts'
import type { GeofeedReport } from '../../routing/geofeed-lint.ts'
import { lintGeofeed } from '../../routing/geofeed-lint.ts'
import type { DocumentKind } from './document-kinds.ts'
import type { FciDocument } from './fci-document.ts'

/** What there is to say of the answer's header. */
export interface MediaTypeNote {
  readonly severity: 'error' | 'warning'
  readonly code: 'media-type-missing' | 'media-type-other' | 'media-type-no-ptype'
  readonly message: string
  readonly clause: string
}

export interface CheckedDocument {
  readonly name: string
  readonly report: AdvertisementReport | NamedReport | MetadataReport | GeofeedReport
  readonly mediaType?: MediaTypeNote
  readonly errors: number
  readonly warnings: number
}

/** Checks a document; its kind is told by its first character unless it is given. */
export function checkFciDocument(
  document: FciDocument,
  kind: DocumentKind | undefined,
  options: ReadOptions,
): CheckedDocument {
  const { name, text, contentType } = document
  const found = kind ?? kindOf(text)
  const report = reportOf(found, document, options)
  const mediaType = name.startsWith('http') ? mediaTypeNote(contentType, found) : undefined
  const severities = [
    ...report.findings.map(({ severity }) => severity),
    ...(mediaType === undefined ? [] : [mediaType.severity]),
  ]
  const counted = report.kind === 'geofeed' ? report : undefined
  return {
    name,
    report,
    ...(mediaType && { mediaType }),
    errors: counted?.errors ?? severities.filter((one) => one === 'error').length,
    warnings: counted?.warnings ?? severities.filter((one) => one === 'warning').length,
  }
}

function reportOf(kind: DocumentKind, { name, text }: FciDocument, options: ReadOptions): CheckedDocument['report'] {
  switch (kind) {
    case 'advertisement':
      return checkAdvertisement(text, options)
    case 'footprints':
      return checkNamedDocument(text, options)
    case 'metadata':
      return checkMetadata(text, options)
    case 'geofeed':
      return lintGeofeed(text, name)
  }
}

/** JSON documents begin with a bracket and have members of their kind; a geofeed has commas or comments. */
function kindOf(text: string): DocumentKind {
  const start = text
    .slice(0, 4096)
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (!/^[{[]/.test(start)) return /^#|,/.test(start) ? 'geofeed' : 'advertisement'
  if (/"(?:capability-type|capabilities|cdni-advertisement)"\s*:/.test(start)) return 'advertisement'
  if (/"footprint-(?:namespace|name|def)"\s*:/.test(start)) return 'footprints'
  return /"(?:generic-metadata-type|host-metadata|hosts|metadata)"\s*:/.test(start) ? 'metadata' : 'advertisement'
}

function mediaTypeNote(contentType: string | undefined, kind: DocumentKind): MediaTypeNote | undefined {
  if (contentType === undefined) {
    return note('warning', 'media-type-missing', 'the answer has no Content-Type', 'RFC 9110 8.3')
  }
  const essence = parseMediaType(contentType)?.essence
  if (kind === 'geofeed') {
    if (essence === 'text/csv' || essence === 'text/plain' || essence === 'application/octet-stream') return undefined
    return note('warning', 'media-type-other', `${contentType} is no type for a geofeed; say text/csv`, 'RFC 8805 2.1')
  }
  if (PTYPES[kind].every((ptype) => acceptsCdniBody(contentType, [ptype]) === undefined)) {
    const message = `${contentType}: a broker refuses it; say application/cdni with a ptype, or application/json`
    return note('error', 'media-type-other', message, 'RFC 7736 2.1')
  }
  if (essence !== 'application/cdni' || parseMediaType(contentType)?.parameters.has('ptype') === true) return undefined
  const message = 'application/cdni requires the parameter ptype, although Open Caching sends none'
  return note('warning', 'media-type-no-ptype', message, 'RFC 7736 2.1')
}

/** No registered payload type names an advertisement, nor one of footprints, which may come under those of its objects. */
const PTYPES: Readonly<Record<Exclude<DocumentKind, 'geofeed'>, readonly string[]>> = {
  advertisement: [ADVERTISEMENT_PTYPE],
  footprints: ['MI.NamedFootprintNamespace', 'MI.NamedFootprint'],
  metadata: ['MI.HostIndex', 'MI.HostMatch', 'MI.HostMetadata', 'MI.PathMatch', 'MI.PathMetadata'],
}

function note(
  severity: MediaTypeNote['severity'],
  code: MediaTypeNote['code'],
  message: string,
  clause: string,
): MediaTypeNote {
  return { severity, code, message, clause }
}
