import { z } from 'zod'
import { CliFailure } from './cli-failure.ts'
import { exitCodeOfStatus } from './exit-codes.ts'
import { printable } from './printable-text.ts'

/** RFC 9457, as `src/broker/http/problem.ts` writes it, and as anything in between may write it. */
export const ProblemAnswer = z.object({
  type: z.string().default('about:blank'),
  title: z.string(),
  status: z.number(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  errors: z
    .array(z.object({ detail: z.string(), pointer: z.string().optional(), parameter: z.string().optional() }))
    .optional(),
  providers: z.array(z.object({ provider: z.string(), code: z.string(), detail: z.string() })).optional(),
  operation: z.string().optional(),
  scope: z.string().optional(),
})
export type ProblemAnswer = z.infer<typeof ProblemAnswer>

export interface ProblemContext {
  readonly keyGiven: boolean
  readonly retryAfter?: string
  /** The problem as it came, for `--json`. */
  readonly document: unknown
}

const REQUEST = 'urn:moq-broker:request:'

/** The problem as a failure of the command: what, where, what to do. */
export function failureOfProblem(problem: ProblemAnswer, context: ProblemContext): CliFailure {
  return new CliFailure(printable(problem.title), {
    exitCode: exitCodeOfStatus(problem.status),
    lines: [...problemLines(problem), ...adviceLines(problem, context)],
    document: context.document,
  })
}

/** Detail, faults, what went wrong at providers, and the request's id. */
export function problemLines(problem: ProblemAnswer): readonly string[] {
  const { detail, errors = [], providers = [], operation, scope, instance } = problem
  const ids = [
    ...(instance?.startsWith(REQUEST) === true ? [`request ${instance.slice(REQUEST.length)}`] : []),
    ...(operation === undefined ? [] : [`operation ${operation}`]),
    ...(scope === undefined ? [] : [`scope ${scope}`]),
  ]
  return [
    ...(detail === undefined ? [] : [detail]),
    ...(isToldAlready(problem) ? [] : errors.map(faultLine)),
    ...providers.map((failure) => `- ${failure.provider}: ${failure.code}: ${failure.detail}`),
    ...(ids.length === 0 ? [] : [`(${ids.join(', ')})`]),
  ].map(printable)
}

/** The detail of a single fault often says it all, with its place. */
function isToldAlready({ detail = '', errors = [] }: ProblemAnswer): boolean {
  return errors.length === 1 && errors.every((fault) => detail.includes(fault.detail))
}

function faultLine(fault: NonNullable<ProblemAnswer['errors']>[number]): string {
  const place = fault.pointer ?? fault.parameter
  return `- ${place === undefined ? '' : `${place}: `}${fault.detail}`
}

function adviceLines({ type, status, operation }: ProblemAnswer, context: ProblemContext): readonly string[] {
  if (status === 401) {
    return context.keyGiven
      ? ['Check the key, or have another made: npm start -- --new-admin-key']
      : [
          'Give a key: MOQ_BROKER_KEY=..., or --key-file FILE.',
          'The first start printed one; npm start -- --new-admin-key makes another.',
        ]
  }
  if (status === 403) return ['Use a key of a higher role, made with: moq-broker key create NAME --role ROLE']
  if (operation !== undefined && (type.endsWith(':operation-in-progress') || status >= 500)) {
    return [`See what it does: moq-broker operation show ${operation}`]
  }
  if (context.retryAfter !== undefined && /^\d+$/.test(context.retryAfter))
    return [`Try again in ${context.retryAfter} s.`]
  return []
}
