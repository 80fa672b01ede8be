/** What `fci check` can check. */
export const DOCUMENT_KINDS = ['advertisement', 'footprints', 'metadata', 'geofeed'] as const
export type DocumentKind = (typeof DOCUMENT_KINDS)[number]
