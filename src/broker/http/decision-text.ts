import type { Candidate } from '../../routing/decision.ts'
import type { Role } from '../key-service.ts'
import type { ConnectUrl, RouteAnswer } from '../route-service.ts'
import { WITHHELD } from './routes/route-wire.ts'

/** A decision as JSON, and whether a connect URL stands in it. */
export interface DecisionText {
  readonly body: string
  readonly holdsConnectUrl: boolean
}

interface CandidateText {
  /** Up to the connect URL, and behind it. */
  readonly head: string
  readonly tail: string
  /** The connect URL that was written last, as it was written: the same one comes again and again. */
  url: string
  urlText: string
}

/** Routing hands out the same candidates again for as long as nothing about them has changed. */
const written = new WeakMap<Candidate, CandidateText>()
const WITHHELD_MEMBER = `,"connect_url_withheld":${JSON.stringify(WITHHELD)}`

/** What `JSON.stringify` makes of `decisionToWire` without explanation, from parts that are written only once. */
export function decisionText({ decision, connectUrls }: RouteAnswer, role: Role): DecisionText {
  let holdsConnectUrl = false
  let candidates = ''
  for (const candidate of decision.candidates) {
    const text = textOf(candidate)
    const url = connectUrls.get(candidate.provider)
    const isPermitted = url !== undefined && (role !== 'reader' || !url.publishCapable)
    if (isPermitted) holdsConnectUrl = true
    const member = url === undefined ? '' : isPermitted ? urlMember(text, url) : WITHHELD_MEMBER
    candidates += `${candidates === '' ? '' : ','}${text.head}${member}${text.tail}`
  }
  return {
    // An address in its canonical form has no character that JSON would escape.
    body: `{"client":"${decision.client}","candidates":[${candidates}],"ttl_seconds":${decision.ttlSeconds},"panic":${decision.panic}}`,
    holdsConnectUrl,
  }
}

function urlMember(text: CandidateText, { url }: ConnectUrl): string {
  if (text.url !== url) {
    text.url = url
    text.urlText = `,"connect_url":${JSON.stringify(url)}`
  }
  return text.urlText
}

function textOf(candidate: Candidate): CandidateText {
  const known = written.get(candidate)
  if (known !== undefined) return known
  const { provider, matched, priority, weight } = candidate
  const { type, value, prefixLength } = matched
  const tail = JSON.stringify({ matched: { type, value, prefix_length: prefixLength }, priority, weight })
  const text = { head: `{"provider":${JSON.stringify(provider)}`, tail: `,${tail.slice(1)}`, url: '', urlText: '' }
  written.set(candidate, text)
  return text
}
