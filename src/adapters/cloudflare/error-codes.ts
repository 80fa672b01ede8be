import { z } from 'zod'
import type { AdapterErrorKind } from '../errors.ts'
import type { RemoteFault } from '../http-client.ts'

/** Relay not found: the only proof that a relay is gone. A plain 404 may be a wrong path. */
export const RELAY_NOT_FOUND = '21007'

/** Cloudflare's error codes; the status decides where the code is not listed. */
const KIND_BY_CODE: ReadonlyMap<string, AdapterErrorKind> = new Map([
  /** Authentication error. */
  ['10000', 'unauthorized'],
  /** Body too large. */
  ['21001', 'rejected'],
  /** Body too small, name missing. */
  ['21002', 'rejected'],
  /** Relay id is not 32 hex digits. */
  ['21003', 'rejected'],
  /** Body is not JSON. */
  ['21004', 'rejected'],
  /** Body could not be read. */
  ['21005', 'unavailable'],
  /** Server error. */
  ['21006', 'unavailable'],
  [RELAY_NOT_FOUND, 'not_found'],
  /** Account has its maximum of relays. */
  ['21008', 'quota'],
  /** Relay has its maximum of tokens. */
  ['21009', 'quota'],
  /** Operations of a token are wrong. */
  ['21010', 'rejected'],
  /** Name is empty. */
  ['21011', 'rejected'],
  /** Expiry is more than a year ahead. */
  ['21012', 'rejected'],
  /** Upstream URL is not absolute `moqt` or `https` with a host. */
  ['21013', 'rejected'],
  /** Config is not allowed at creation. */
  ['21014', 'rejected'],
])

const failureSchema = z.object({
  errors: z.array(z.object({ code: z.number().int().optional(), message: z.string().optional() })).min(1),
})

/** Reads the first error of Cloudflare's envelope `{success, errors, messages, result}`. */
export function readCloudflareFault(_status: number, json: unknown): RemoteFault {
  const parsed = failureSchema.safeParse(json)
  const error = parsed.success ? parsed.data.errors[0] : undefined
  if (error === undefined) return {}
  const code = error.code?.toString()
  return { code, message: error.message, kind: code === undefined ? undefined : KIND_BY_CODE.get(code) }
}
