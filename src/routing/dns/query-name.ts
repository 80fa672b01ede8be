import { HEADER_BYTES } from './dns-numbers.ts'
import { byteAt, lowerCase } from './dns-query.ts'

const DOT = 46

/**
 * The labels of the question's name before the zone's, in lower case, joined by dots; undefined if one of them holds a
 * dot itself, as no name of ours does.
 *
 * @param bytes - `prefixBytes` of a query that is in the zone.
 */
export function labelsBefore(message: Buffer, bytes: number): string | undefined {
  const end = HEADER_BYTES + bytes
  let nextLabel = HEADER_BYTES
  let labels = 0
  let upperCase = false
  for (let at = HEADER_BYTES; at < end; at++) {
    const byte = byteAt(message, at)
    if (at === nextLabel) {
      nextLabel += byte + 1
      labels++
      continue
    }
    if (byte === DOT) return undefined
    if (lowerCase(byte) !== byte) upperCase = true
  }
  if (labels === 0) return ''
  const text = labels === 1 ? message.toString('latin1', HEADER_BYTES + 1, end) : joinLabels(message, end)
  return upperCase ? text.toLowerCase() : text
}

/** The question's name as it was asked, without the last dot. */
export function nameAsked(message: Buffer, nameEnd: number): string {
  return joinLabels(message, nameEnd - 1)
}

function joinLabels(message: Buffer, end: number): string {
  const labels: string[] = []
  for (let at = HEADER_BYTES; at < end; at += byteAt(message, at) + 1) {
    labels.push(message.toString('latin1', at + 1, at + 1 + byteAt(message, at)))
  }
  return labels.join('.')
}
