import { type Answer, encode } from 'dns-packet'
import { HEADER_BYTES, OPTION, type Rcode, TYPE } from './dns-numbers.ts'
import { byteAt, type DnsQuery } from './dns-query.ts'
import type { Reply } from './reply.ts'

/** A reply whose records are in wire form already. */
export interface WireReply {
  readonly rcode: Rcode
  readonly authoritative: boolean
  readonly answers: number
  readonly authorities: number
  readonly additionals: number
  readonly records: Uint8Array
  /** Where, among the records, the zone's name stands as a pointer that depends on the question. */
  readonly zonePointers: readonly number[]
  /** Whether the client's address decided. */
  readonly tailored: boolean
  /** The extended error as an option, or nothing. */
  readonly extendedError: Uint8Array
}

/** What the OPT record of an answer says besides. */
export interface ReplyOptions {
  /** Scope prefix length of the client subnet. */
  readonly scopeBits: number
  /** Client and server cookie, or nothing. */
  readonly cookie: Uint8Array
  /** The payload that we take (RFC 6891 6.2.3). */
  readonly maxUdpBytes: number
  /** Longer answers are cut down to the question (RFC 2181 9). */
  readonly limitBytes: number
}

export const NO_BYTES = new Uint8Array(0)
/** As name of a record: the name that was asked for. */
export const ASKED_NAME = '.'

const QUESTION_POINTER = [0xc0, HEADER_BYTES] as const
const OPT_BYTES = 11
const OPTION_HEADER = 4

/** Records with their names in full, as dns-packet writes them. */
export function encodeReply(reply: Reply): WireReply {
  const { answers, authorities, additionals } = reply
  const packet = encode({
    answers: [...answers],
    authorities: [...authorities],
    additionals: [...additionals],
  })
  return wireReply(reply, packet.subarray(HEADER_BYTES), [])
}

/**
 * Records for any question: those named `ASKED_NAME` point to the question, those of the zone to its end. Such a reply
 * is made once and then only copied.
 *
 * @param zone - name of the zone.
 */
export function prepareReply(reply: Reply, zone: string): WireReply {
  const zonePointers: number[] = []
  const parts: Uint8Array[] = []
  let length = 0
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes)
    length += bytes.length
  }
  for (const record of [...reply.answers, ...reply.authorities, ...reply.additionals]) {
    if (record.name !== ASKED_NAME && record.name !== zone) {
      add(encodeRecord(record))
      continue
    }
    if (record.name === zone) zonePointers.push(length)
    add(Uint8Array.from(QUESTION_POINTER))
    // As name of the root, the owner is one byte.
    add(encodeRecord({ ...record, name: '.' }).subarray(1))
  }
  return wireReply(reply, Buffer.concat(parts), zonePointers)
}

function encodeRecord(record: Answer): Uint8Array {
  return encode({ answers: [record] }).subarray(HEADER_BYTES)
}

function wireReply(reply: Reply, records: Uint8Array, zonePointers: readonly number[]): WireReply {
  return {
    rcode: reply.rcode,
    authoritative: reply.authoritative,
    answers: reply.answers.length,
    authorities: reply.authorities.length,
    additionals: reply.additionals.length,
    records,
    zonePointers,
    tailored: reply.tailored,
    extendedError: encodeExtendedError(reply),
  }
}

function encodeExtendedError({ extendedError }: Reply): Uint8Array {
  if (extendedError === undefined) return NO_BYTES
  const text = Buffer.from(extendedError.text)
  const option = Buffer.alloc(OPTION_HEADER + 2 + text.length)
  option.writeUInt16BE(OPTION.EXTENDED_ERROR, 0)
  option.writeUInt16BE(2 + text.length, 2)
  option.writeUInt16BE(extendedError.code, 4)
  text.copy(option, 6)
  return option
}

/** The answer to a query: its question byte by byte, the records, and an OPT record if it had one. */
export function writeReply(message: Uint8Array, query: DnsQuery, reply: WireReply, options: ReplyOptions): Buffer {
  const end = query.hasQuestion ? query.questionEnd : HEADER_BYTES
  const optBytes = query.hasEdns ? OPT_BYTES + optionBytes(query, reply, options) : 0
  const { records, zonePointers } = reply
  const whole = end + records.length + optBytes
  const truncated = whole > options.limitBytes
  const out = Buffer.allocUnsafe(truncated ? end + optBytes : whole)
  copyBytes(message, 0, end, out, 0)
  writeHeader(out, message, query, reply, truncated)
  let at = end
  if (!truncated) {
    copyBytes(records, 0, records.length, out, at)
    for (let i = 0; i < zonePointers.length; i++)
      out[at + (zonePointers[i] ?? 0) + 1] = HEADER_BYTES + query.prefixBytes
    at += records.length
  }
  if (query.hasEdns) writeOpt(out, at, message, query, reply, options)
  return out
}

function writeHeader(
  out: Uint8Array,
  message: Uint8Array,
  query: DnsQuery,
  reply: WireReply,
  truncated: boolean,
): void {
  const recursionDesired = byteAt(message, 2) & 1
  out[2] = 0x80 | (query.opcode << 3) | (reply.authoritative ? 4 : 0) | (truncated ? 2 : 0) | recursionDesired
  // Of the rest only CD is repeated (RFC 4035 3.1.6).
  out[3] = (byteAt(message, 3) & 0x10) | (reply.rcode & 15)
  out[4] = 0
  out[5] = query.hasQuestion ? 1 : 0
  writeWord(out, 6, truncated ? 0 : reply.answers)
  writeWord(out, 8, truncated ? 0 : reply.authorities)
  writeWord(out, 10, (truncated ? 0 : reply.additionals) + (query.hasEdns ? 1 : 0))
}

function optionBytes(query: DnsQuery, reply: WireReply, { cookie }: ReplyOptions): number {
  const subnet = query.subnetAt < 0 ? 0 : OPTION_HEADER + query.subnetBytes
  return subnet + (cookie.length === 0 ? 0 : OPTION_HEADER + cookie.length) + reply.extendedError.length
}

function writeOpt(
  out: Uint8Array,
  start: number,
  message: Uint8Array,
  query: DnsQuery,
  reply: WireReply,
  options: ReplyOptions,
): void {
  out[start] = 0
  writeWord(out, start + 1, TYPE.OPT)
  writeWord(out, start + 3, options.maxUdpBytes)
  out[start + 5] = reply.rcode >> 4
  out[start + 6] = 0
  out[start + 7] = query.dnssecOk ? 0x80 : 0
  out[start + 8] = 0
  writeWord(out, start + 9, optionBytes(query, reply, options))
  let at = start + OPT_BYTES
  if (query.subnetAt >= 0) {
    writeWord(out, at, OPTION.SUBNET)
    writeWord(out, at + 2, query.subnetBytes)
    at += OPTION_HEADER
    copyBytes(message, query.subnetAt, query.subnetBytes, out, at)
    if (query.subnetBytes > 3) out[at + 3] = options.scopeBits
    at += query.subnetBytes
  }
  const { cookie } = options
  if (cookie.length > 0) {
    writeWord(out, at, OPTION.COOKIE)
    writeWord(out, at + 2, cookie.length)
    copyBytes(cookie, 0, cookie.length, out, at + OPTION_HEADER)
    at += OPTION_HEADER + cookie.length
  }
  copyBytes(reply.extendedError, 0, reply.extendedError.length, out, at)
}

/** For so few bytes a call of the engine's own copying costs more. */
function copyBytes(from: Uint8Array, start: number, count: number, to: Uint8Array, at: number): void {
  for (let i = 0; i < count; i++) to[at + i] = byteAt(from, start + i)
}

function writeWord(out: Uint8Array, at: number, value: number): void {
  out[at] = value >> 8
  out[at + 1] = value & 0xff
}
