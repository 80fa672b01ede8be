import { ProblemError } from './problem.ts'

/** Strong validator of a scope (RFC 9110 8.8.3). */
export function etagOf(revision: number): string {
  return `"${revision}"`
}

interface EntityTag {
  readonly weak: boolean
  readonly opaque: string
}

/** The one tag in a text, without quotes; the text itself if it is no tag. */
export function opaqueTag(text: string): string {
  return /^(?:W\/)?"([\x21\x23-\x7e]*)"$/.exec(text.trim())?.[1] ?? text
}

function parseEntityTags(header: string, value: string): readonly EntityTag[] | '*' {
  if (value.trim() === '*') return '*'
  const tags: EntityTag[] = []
  for (const part of value.split(',')) {
    const match = /^(W\/)?"([\x21\x23-\x7e]*)"$/.exec(part.trim())
    if (match === null) {
      throw new ProblemError({
        kind: 'invalid-request',
        detail: `${header} is not a list of entity tags such as "7".`,
        errors: [{ detail: 'is not a list of entity tags', parameter: header }],
      })
    }
    tags.push({ weak: match[1] !== undefined, opaque: match[2] ?? '' })
  }
  return tags
}

/**
 * The revision that `If-Match` demands (RFC 9110 13.1.1, strong comparison), or `undefined` when there is no demand.
 *
 * @param current - asked only when several tags are listed.
 */
export async function demandedRevision(
  ifMatch: string | undefined,
  current: () => Promise<number | undefined>,
): Promise<number | undefined> {
  if (ifMatch === undefined) return undefined
  const tags = parseEntityTags('If-Match', ifMatch)
  if (tags === '*') return undefined
  const revisions = tags
    .filter((tag) => !tag.weak && /^[1-9]\d{0,14}$/.test(tag.opaque))
    .map((tag) => Number(tag.opaque))
  const [only] = revisions
  if (revisions.length === 1 && only !== undefined) return only
  const present = revisions.length === 0 ? undefined : await current()
  if (present !== undefined && revisions.includes(present)) return present
  throw new ProblemError({
    kind: 'revision-mismatch',
    detail: 'No entity tag in If-Match names the present revision. Read it again and decide anew.',
  })
}

/**
 * Whether `If-None-Match` names this revision, or what stands between the quotes of another tag (RFC 9110 13.1.2, weak
 * comparison): then 304.
 */
export function isNotModified(ifNoneMatch: string | undefined, revision: number | string): boolean {
  if (ifNoneMatch === undefined) return false
  const tags = parseEntityTags('If-None-Match', ifNoneMatch)
  return tags === '*' || tags.some((tag) => tag.opaque === String(revision))
}
