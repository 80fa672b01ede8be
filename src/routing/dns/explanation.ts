import type { Behind, Decision, Match } from '../decision.ts'
import type { ClientAnswer } from './client-answer.ts'

/** Bytes of one character string of a TXT record (RFC 1035 3.3). */
const MAX_BYTES = 255

/**
 * A decision in words for everybody, one text per line. Made of the decision's parts, never of sentences that hold what
 * an operator or a CDN wrote, since DNS asks nobody for a key.
 */
export function explanationOf(decision: Decision, answer: ClientAnswer): readonly string[] {
  const { candidates, behind, rejected, client, ttlSeconds, panic } = decision
  const lines = [
    `client ${client}: ${answerInWords(answer)}, for ${ttlSeconds} s`,
    ...(panic ? ['panic: every CDN that could serve is down, so health is ignored'] : []),
    ...candidates.map(
      ({ provider, matched, priority, weight }, index) =>
        `${index + 1}. ${provider}: ${matchInWords(matched)}, priority ${priority}, weight ${weight}${behindInWords(behind[index - 1])}`,
    ),
    ...rejected.map(({ provider, rule }) => `not ${provider}: ${rule}`),
  ]
  return lines.map(shorten)
}

function answerInWords(answer: ClientAnswer): string {
  switch (answer.kind) {
    case 'addresses':
      return answer.addresses.join(' ')
    case 'alias':
      return `alias ${answer.host}`
    case 'nobody':
      return 'nobody with a DNS target may serve it'
  }
}

/** Prices and round trips are not for everybody. */
function behindInWords(behind: Behind | undefined): string {
  if (behind === undefined) return ''
  return `; behind ${behind.provider}: ${behind.line === 'balance' ? 'by price or round trip' : behind.because}`
}

function matchInWords({ type, value }: Match): string {
  return type === 'global' ? 'global' : `${type} ${value}`
}

function shorten(line: string): string {
  if (Buffer.byteLength(line) <= MAX_BYTES) return line
  // A character cut in two becomes U+FFFD, which may be longer than what it replaces.
  return `${Buffer.from(line)
    .subarray(0, MAX_BYTES - 6)
    .toString('utf8')}...`
}
