import type { Answer } from 'dns-packet'
import type { ClientAnswer } from './client-answer.ts'
import { RCODE, type Rcode, TYPE } from './dns-numbers.ts'
import { addressRecords, type Zone, type ZoneName } from './zone.ts'

/** The content of an answer, before it has a wire form. */
export interface Reply {
  readonly rcode: Rcode
  readonly authoritative: boolean
  readonly answers: readonly Answer[]
  readonly authorities: readonly Answer[]
  readonly additionals: readonly Answer[]
  /** Whether the client's address decided; if not, it is the same for everybody (RFC 7871 7.2.1, 7.4). */
  readonly tailored: boolean
  /** RFC 8914, for queries with EDNS. */
  readonly extendedError?: ExtendedError
}

export interface ExtendedError {
  readonly code: number
  readonly text: string
}

export interface NamedQuestion {
  /** The whole name, as asked. */
  readonly name: string
  readonly type: number
}

const BARE: Reply = {
  rcode: RCODE.NOERROR,
  authoritative: false,
  answers: [],
  authorities: [],
  additionals: [],
  tailored: false,
}

/** An answer that is a code alone. */
export function errorReply(rcode: Rcode): Reply {
  return { ...BARE, rcode }
}

/** RFC 8914 4.1: the text says it. */
const NOBODY_SERVES: Reply = {
  ...BARE,
  tailored: true,
  rcode: RCODE.SERVFAIL,
  extendedError: { code: 0, text: 'no CDN with a DNS target may serve this client' },
}

/** An explanation changes with every second. */
const EXPLANATION_TTL = 0

/** Explanations of a scope as texts of at most 255 bytes; `undefined` where there is no such scope. */
export type Explanation = readonly string[] | undefined

/** The answer for a name that needs no decision. */
export function staticReply(
  name: Exclude<ZoneName, { kind: 'service' | 'explanation' }>,
  question: NamedQuestion,
  zone: Zone,
): Reply {
  switch (name.kind) {
    case 'name_server':
      return dataOf(addressRecords(question.name, name.addresses, zone.settings.ttlSeconds), question, zone)
    case 'empty':
      return negativeReply(RCODE.NOERROR, zone)
    case 'absent':
      return negativeReply(RCODE.NXDOMAIN, zone)
  }
}

export function explanationReply(explanation: Explanation, question: NamedQuestion, zone: Zone): Reply {
  if (explanation === undefined) return negativeReply(RCODE.NXDOMAIN, zone)
  if (question.type !== TYPE.TXT && question.type !== TYPE.ANY) return negativeReply(RCODE.NOERROR, zone)
  const { name } = question
  const answers: Answer[] = explanation.map((data) => ({ type: 'TXT', name, ttl: EXPLANATION_TTL, data }))
  return { ...BARE, authoritative: true, answers, tailored: true }
}

/** What the apex has besides the decision; `undefined` for other types. */
export function apexReply({ name, type }: NamedQuestion, zone: Zone): Reply | undefined {
  if (type === TYPE.SOA) return { ...BARE, authoritative: true, answers: [{ ...zone.soa, name }] }
  if (type !== TYPE.NS) return undefined
  const answers = zone.nameServers.map((record) => ({ ...record, name }))
  return { ...BARE, authoritative: true, answers, additionals: zone.glue }
}

/**
 * The answer for a name whose data the decision makes. An alias answers every type (RFC 1034 4.3.2), except at the apex,
 * which can have none beside its SOA record.
 */
export function serviceReply(
  answer: ClientAnswer | 'absent',
  question: NamedQuestion,
  zone: Zone,
  apex: boolean,
): Reply {
  if (answer === 'absent') return negativeReply(RCODE.NXDOMAIN, zone)
  switch (answer.kind) {
    case 'nobody':
      return NOBODY_SERVES
    case 'alias':
      return apex ? dataOf([], question, zone, answer.ttlSeconds) : aliasReply(answer, question)
    case 'addresses': {
      const records = addressRecords(question.name, answer.addresses, answer.ttlSeconds)
      const reply = dataOf(records, question, zone, answer.ttlSeconds)
      return reply.answers.length === 0 ? reply : { ...reply, tailored: true }
    }
  }
}

function aliasReply(answer: Extract<ClientAnswer, { kind: 'alias' }>, { name }: NamedQuestion): Reply {
  // Only the first record of the chain, so that it is cached for this client alone (RFC 7871 7.2.1).
  const answers: Answer[] = [{ type: 'CNAME', name, ttl: answer.ttlSeconds, data: answer.host }]
  return { ...BARE, authoritative: true, answers, tailored: true }
}

/** Those of the records that were asked for. ANY gets no more than a word (RFC 8482 4.2). */
function dataOf(records: readonly Answer[], { name, type }: NamedQuestion, zone: Zone, negativeTtl?: number): Reply {
  const ttl = zone.settings.ttlSeconds
  if (type === TYPE.ANY) {
    return { ...BARE, authoritative: true, answers: [{ type: 'HINFO', name, ttl, data: { cpu: 'RFC8482', os: '' } }] }
  }
  const wanted = type === TYPE.A ? 'A' : type === TYPE.AAAA ? 'AAAA' : undefined
  const answers = records.filter((record) => record.type === wanted)
  return answers.length === 0
    ? negativeReply(RCODE.NOERROR, zone, negativeTtl)
    : { ...BARE, authoritative: true, answers }
}

/**
 * NXDOMAIN or no data, with the SOA record that says how long it holds (RFC 2308 3). Resolvers keep negative answers for
 * all clients, so their scope is 0 (RFC 7871 7.4).
 */
function negativeReply(rcode: Rcode, zone: Zone, mostSeconds = Number.POSITIVE_INFINITY): Reply {
  const { soa, ttlSeconds } = zone.settings
  const ttl = Math.min(soa.minimum, ttlSeconds, mostSeconds)
  return { ...BARE, rcode, authoritative: true, authorities: [{ ...zone.soa, ttl }] }
}
