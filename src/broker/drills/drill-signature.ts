import { createHmac, timingSafeEqual } from 'node:crypto'
import { canonicalJson, toJsonValue } from '../../fci/canonical-json.ts'
import type { DrillReport } from './drill-service.ts'

const MAX_DEPTH = 8

/** The report with its signature: HMAC-SHA-256, base64url, over its canonical JSON (RFC 8785) without `signature`. */
export function signReport(report: DrillReport, key: string): DrillReport {
  return { ...report, signature: signatureOf(report, key).toString('base64url') }
}

/** Whether the report is as it was signed with this key. */
export function hasValidSignature(report: DrillReport, key: string): boolean {
  if (report.signature === undefined) return false
  const given = Buffer.from(report.signature, 'base64url')
  const right = signatureOf(report, key)
  return given.length === right.length && timingSafeEqual(given, right)
}

function signatureOf(report: DrillReport, key: string): Buffer {
  const { signature: _, ...unsigned } = report
  const plain: unknown = JSON.parse(JSON.stringify(unsigned))
  const json = toJsonValue(plain, MAX_DEPTH)
  if (json === undefined) throw new TypeError(`the report of drill ${report.id} has no canonical JSON form`)
  return createHmac('sha256', key).update(canonicalJson(json)).digest()
}
