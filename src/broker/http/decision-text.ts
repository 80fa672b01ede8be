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
  /** Up to the connect URL, behind it up to the value of the match, and behind that. */
  readonly head: string
  readonly middle: string
  readonly tail: string
  /** What was written last, and as what: the same comes again and again. */
  url: string
  urlText: string
  value: string | undefined
  valueText: string
}

/** Routing hands out the same ranked candidates again for as long as nothing about them has changed. */
const written = new WeakMap<object, CandidateText>()
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
    candidates += `${candidates === '' ? '' : ','}${text.head}${member}${text.middle}${valueOf(text, candidate)}${text.tail}`
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

function valueOf(text: CandidateText, { matched }: Candidate): string {
  const { value } = matched
  if (text.value !== value) {
    text.value = value
    text.valueText = JSON.stringify(value)
  }
  return text.valueText
}

/** What all clients share to whom routing gives this ranked candidate: everything but the value of the match. */
function textOf(candidate: Candidate): CandidateText {
  const known = written.get(candidate.ranked)
  if (known !== undefined) return known
  const { provider, matched, priority, weight } = candidate
  const text = {
    head: `{"provider":${JSON.stringify(provider)}`,
    middle: `,"matched":{"type":${JSON.stringify(matched.type)},"value":`,
    tail: `,"prefix_length":${JSON.stringify(matched.prefixLength)}},"priority":${JSON.stringify(priority)},"weight":${JSON.stringify(weight)}}`,
    url: '',
    urlText: '',
    value: undefined,
    valueText: '',
  }
  written.set(candidate.ranked, text)
  return text
}
