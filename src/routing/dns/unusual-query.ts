import { type DecodedPacket, decode } from 'dns-packet'
import { RCODE } from './dns-numbers.ts'
import { type DnsQuery, noteOption } from './dns-query.ts'

/**
 * Reads what follows the question of a message that `readQuery` called unusual: records in every section. The message
 * is small, or `readQuery` would have refused it. False: it is malformed.
 */
export function readUnusual(message: Buffer, query: DnsQuery): boolean {
  query.resetEdns()
  const packet = decodeWhole(message)
  if (packet === undefined) return false
  const { answers = [], authorities = [], additionals = [] } = packet
  if ([...answers, ...authorities].some(({ type }) => type === 'OPT')) return false
  for (const record of additionals) {
    // Signed queries: we hold no keys (RFC 8945 5.2).
    if (record.type === 'TSIG' || record.type === 'SIG') query.fault = RCODE.NOTAUTH
    if (record.type !== 'OPT') continue
    if (query.hasEdns || record.name !== '.') return false
    query.hasEdns = true
    query.udpBytes = Math.max(512, record.udpPayloadSize)
    query.ednsVersion = record.ednsVersion
    query.dnssecOk = record.flag_do
    for (const { code, data } of record.options) {
      if (data === undefined) continue
      const at = data.byteOffset - message.byteOffset
      if (!noteOption(query, code, at, data.length)) return false
    }
  }
  return query.hasQuestion || query.cookieAt >= 0
}

function decodeWhole(message: Buffer): DecodedPacket | undefined {
  try {
    const packet = decode(message)
    return decode.bytes === message.length ? packet : undefined
  } catch {
    return undefined
  }
}
