import type { Candidate } from '../../routing/decision.ts'
import type { Role } from '../key-service.ts'
import type { ConnectUrl, RouteAnswer } from '../route-service.ts'
import { WITHHELD } from './routes/route-wire.ts'

/** A decision as JSON, and whether a connect URL stands in it. */
export interface DecisionText {
  readonly body: string
  /** Of the body in UTF-8. */
  readonly bodyBytes: number
  readonly holdsConnectUrl: boolean
}

/** A candidate as it was written once. */
interface Written {
  readonly url: ConnectUrl | undefined
  readonly isPermitted: boolean
  readonly text: string
  readonly bytes: number
}

/**
 * By what routing hands out again for as long as nothing about a candidate has changed, and by the value of its match,
 * which is all that its clients do not share.
 */
const written = new WeakMap<object, Map<string, Written>>()
/** A candidate's clients may match by as many prefixes as there are. */
const MAX_VALUES = 512

/** What `JSON.stringify` makes of `decisionToWire` without explanation, from parts that are written only once. */
export function decisionText({ decision, connectUrls }: RouteAnswer, role: Role): DecisionText {
  let holdsConnectUrl = false
  let candidates = ''
  let beyondAscii = 0
  for (const candidate of decision.candidates) {
    const url = connectUrls.get(candidate.provider)
    const isPermitted = url !== undefined && (role !== 'reader' || !url.publishCapable)
    if (isPermitted) holdsConnectUrl = true
    const { text, bytes } = textOf(candidate, url, isPermitted)
    beyondAscii += bytes - text.length
    candidates = candidates === '' ? text : `${candidates},${text}`
  }
  // An address in its canonical form has no character that JSON would escape.
  const body = `{"client":"${decision.client}","candidates":[${candidates}],"ttl_seconds":${decision.ttlSeconds},"panic":${decision.panic}}`
  return { body, bodyBytes: body.length + beyondAscii, holdsConnectUrl }
}

function textOf(candidate: Candidate, url: ConnectUrl | undefined, isPermitted: boolean): Written {
  let byValue = written.get(candidate.ranked)
  if (byValue === undefined) {
    byValue = new Map()
    written.set(candidate.ranked, byValue)
  }
  const { value } = candidate.matched
  const known = byValue.get(value)
  if (known !== undefined && known.isPermitted === isPermitted && known.url?.url === url?.url) return known
  const made = write(candidate, url, isPermitted)
  if (byValue.size >= MAX_VALUES) byValue.clear()
  byValue.set(value, made)
  return made
}

function write(
  { provider, matched, priority, weight }: Candidate,
  url: ConnectUrl | undefined,
  isPermitted: boolean,
): Written {
  const bytes = Buffer.from(
    JSON.stringify({
      provider,
      ...(url === undefined ? {} : isPermitted ? { connect_url: url.url } : { connect_url_withheld: WITHHELD }),
      matched: { type: matched.type, value: matched.value, prefix_length: matched.prefixLength },
      priority,
      weight,
    }),
  )
  // From its bytes, so that it is one piece of memory: it is copied into every answer.
  return { url, isPermitted, text: bytes.toString(), bytes: bytes.length }
}
