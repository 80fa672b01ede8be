import { toJsonValue } from '../../../fci/canonical-json.ts'
import { ProblemError } from '../../http/problem.ts'
import type { FootprintRecord } from '../footprint-record.ts'

const MAX_DEPTH = 32

/** A Footprint object of a request, as it is kept: all members are JSON already, and few levels deep. */
export function toDefinition(given: {
  readonly 'footprint-type': string
  readonly 'footprint-value': readonly unknown[]
}): FootprintRecord['definition'] {
  const value = toJsonValue(given['footprint-value'], MAX_DEPTH)
  if (value === undefined) {
    const detail = `is nested deeper than ${MAX_DEPTH} levels`
    throw new ProblemError({
      kind: 'invalid-request',
      detail: `The footprint ${detail}.`,
      errors: [{ detail, pointer: '/footprint-def' }],
    })
  }
  return { 'footprint-type': given['footprint-type'], 'footprint-value': value }
}
