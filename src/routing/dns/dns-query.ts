import { CLASS_IN, HEADER_BYTES, OPTION, RCODE, type Rcode, TYPE } from './dns-numbers.ts'

/**
 * What `readQuery` made of a message:
 * `ignored`: no query at all, so it gets no answer, or two servers could keep each other busy;
 * `faulty`: answered with `query.fault`;
 * `plain`: one question and at most one OPT record;
 * `unusual`: the question is read, but what follows it needs `readUnusual`.
 */
export type Reading = 'ignored' | 'faulty' | 'plain' | 'unusual'

/** Longer messages are no queries; reading them could take long. */
export const MAX_QUERY_BYTES = 2_048

const MAX_NAME_BYTES = 255
const OPT_BYTES = 11

/**
 * One query as offsets into its message, so that reading it allocates nothing. Filled anew by each `readQuery`.
 * Where `hasQuestion` is false, nothing of the question may be used.
 */
export class DnsQuery {
  opcode = 0
  fault: Rcode = RCODE.NOERROR
  hasQuestion = false
  /** Offset behind name, type and class. */
  questionEnd = HEADER_BYTES
  /** Offset behind the name. */
  nameEnd = HEADER_BYTES
  type = 0
  class = 0
  /** Bytes of the labels before the zone's name: 0 at the apex; -1 outside the zone. */
  prefixBytes = -1
  hasEdns = false
  ednsVersion = 0
  udpBytes = 512
  /** The DO bit, which an answer repeats (RFC 3225 3). */
  dnssecOk = false
  /** Offset of the data of the client subnet option; -1 without one. */
  subnetAt = -1
  subnetBytes = 0
  /** Offset of the data of the cookie option; -1 without one. */
  cookieAt = -1
  cookieBytes = 0

  /** Back to what a message without question and OPT says. */
  reset(): void {
    this.opcode = 0
    this.fault = RCODE.NOERROR
    this.hasQuestion = false
    this.questionEnd = HEADER_BYTES
    this.nameEnd = HEADER_BYTES
    this.type = 0
    this.class = 0
    this.prefixBytes = -1
    this.resetEdns()
  }

  resetEdns(): void {
    this.hasEdns = false
    this.ednsVersion = 0
    this.udpBytes = 512
    this.dnssecOk = false
    this.subnetAt = -1
    this.subnetBytes = 0
    this.cookieAt = -1
    this.cookieBytes = 0
  }
}

/**
 * Reads header, question and OPT. Never throws; linear in the length of the message.
 *
 * @param zone - the zone's name in wire form, in lower case, with the root label.
 */
export function readQuery(message: Uint8Array, zone: Uint8Array, query: DnsQuery): Reading {
  query.reset()
  if (message.length < HEADER_BYTES || byteAt(message, 2) >= 0x80) return 'ignored'
  query.opcode = (byteAt(message, 2) >> 3) & 15
  if (query.opcode !== 0) return faulty(query, RCODE.NOTIMP)
  if (message.length > MAX_QUERY_BYTES || (byteAt(message, 2) & 2) !== 0) return faulty(query, RCODE.FORMERR)
  const questions = wordAt(message, 4)
  const additionals = wordAt(message, 10)
  if (questions > 1) return faulty(query, RCODE.FORMERR)
  if (questions === 1 && !readQuestion(message, zone, query)) return faulty(query, RCODE.FORMERR)
  const end = query.questionEnd
  if (wordAt(message, 6) !== 0 || wordAt(message, 8) !== 0 || additionals > 1) return 'unusual'
  if (additionals === 0) return concluded(query, message.length === end)
  if (byteAt(message, end) !== 0 || wordAt(message, end + 1) !== TYPE.OPT) return 'unusual'
  return concluded(query, readOpt(message, end, query))
}

function concluded(query: DnsQuery, wellFormed: boolean): Reading {
  // Without a question only a cookie makes sense (RFC 7873 5.4).
  return wellFormed && (query.hasQuestion || query.cookieAt >= 0) ? 'plain' : faulty(query, RCODE.FORMERR)
}

function faulty(query: DnsQuery, fault: Rcode): Reading {
  query.fault = fault
  return 'faulty'
}

function readQuestion(message: Uint8Array, zone: Uint8Array, query: DnsQuery): boolean {
  let at = HEADER_BYTES
  // The zone can only begin where a label does, at a distance from the end that is not known yet.
  let zoneAt = -1
  for (;;) {
    const length = byteAt(message, at)
    // Nothing precedes this name that a pointer could point to (RFC 1035 4.1.4).
    if (length > 63 || at - HEADER_BYTES >= MAX_NAME_BYTES) return false
    if (zoneAt < 0 && isZone(message, at, zone)) zoneAt = at
    at += length + 1
    if (length === 0) break
  }
  if (at - HEADER_BYTES > MAX_NAME_BYTES || at + 4 > message.length) return false
  query.nameEnd = at
  query.type = wordAt(message, at)
  query.class = wordAt(message, at + 2)
  query.questionEnd = at + 4
  query.prefixBytes = zoneAt < 0 ? -1 : zoneAt - HEADER_BYTES
  query.hasQuestion = true
  return true
}

/** Whether the rest of the name that goes on here is the zone's. Length bytes are below the letters, so all bytes compare alike. */
function isZone(message: Uint8Array, at: number, zone: Uint8Array): boolean {
  if (message[at] !== zone[0]) return false
  for (let i = 0; i < zone.length; i++) {
    if (lowerCase(byteAt(message, at + i)) !== zone[i]) return false
  }
  return true
}

/** The OPT record that begins here and ends the message (RFC 6891 6.1.2). */
function readOpt(message: Uint8Array, start: number, query: DnsQuery): boolean {
  if (start + OPT_BYTES > message.length) return false
  query.hasEdns = true
  query.udpBytes = Math.max(512, wordAt(message, start + 3))
  query.ednsVersion = byteAt(message, start + 6)
  query.dnssecOk = byteAt(message, start + 7) >= 0x80
  const end = start + OPT_BYTES + wordAt(message, start + 9)
  if (end !== message.length) return false
  let at = start + OPT_BYTES
  while (at < end) {
    const length = wordAt(message, at + 2)
    if (at + 4 + length > end || !noteOption(query, wordAt(message, at), at + 4, length)) return false
    at += 4 + length
  }
  return true
}

/** Remembers where an option is that matters; false if it stands there twice. */
export function noteOption(query: DnsQuery, code: number, at: number, length: number): boolean {
  if (code === OPTION.SUBNET) {
    if (query.subnetAt >= 0) return false
    query.subnetAt = at
    query.subnetBytes = length
  } else if (code === OPTION.COOKIE) {
    if (query.cookieAt >= 0) return false
    query.cookieAt = at
    query.cookieBytes = length
  }
  return true
}

/** Whether the question is about data: class IN, and no meta type. */
export function asksForData({ class: qclass, type }: DnsQuery): boolean {
  return qclass === CLASS_IN && type !== TYPE.OPT && type !== 0 && (type < TYPE.TKEY || type > TYPE.ANY)
}

export function lowerCase(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte
}

/** A missing byte reads as a label that no name may have. */
export function byteAt(message: Uint8Array, at: number): number {
  return message[at] ?? 0xff
}

export function wordAt(message: Uint8Array, at: number): number {
  return (byteAt(message, at) << 8) | byteAt(message, at + 1)
}
