import type { z } from 'zod'
import type { Fault } from '../broker-error.ts'
import { jsonPointer } from './json-text.ts'
import { ProblemError } from './problem.ts'

const MAX_FAULTS = 20

type Issue = z.core.$ZodIssue

/** Which part of the request a schema was applied to; hono's names. */
export type ValidationTarget = 'json' | 'query' | 'param' | 'header' | 'cookie' | 'form'

/** The problem for a request part that its schema refuses. A path that no id can have names nothing: 404. */
export function refusal(target: ValidationTarget, issues: readonly Issue[]): ProblemError {
  if (target === 'param') {
    return new ProblemError({
      kind: 'not-found',
      detail: 'There is nothing under this path: the id is not one that was ever given.',
    })
  }
  const errors = issues.flatMap((issue) => faultsOf(target, issue)).slice(0, MAX_FAULTS)
  const first = errors[0]
  const where = first?.pointer ?? first?.parameter ?? ''
  return new ProblemError({
    kind: 'invalid-request',
    detail: `${target === 'json' ? 'The body' : 'A parameter'} is not valid${where === '' ? '' : ` at ${where}`}: ${first?.detail ?? 'see the API description'}.`,
    errors,
  })
}

function faultsOf(target: ValidationTarget, issue: Issue): readonly Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ ...place(target, [...issue.path, key]), detail: 'is not known here' }))
  }
  return [{ ...place(target, issue.path), detail: issue.message }]
}

function place(target: ValidationTarget, path: readonly PropertyKey[]): Pick<Fault, 'pointer' | 'parameter'> {
  if (target === 'json') return { pointer: clip(jsonPointer(path)) }
  return { parameter: clip(String(path[0] ?? '')) }
}

function clip(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}...`
}
