import { setTimeout as pause } from 'node:timers/promises'
import { OperationAnswer } from './api-answers.ts'
import { type ApiAnswer, decodeAnswer } from './api-client.ts'
import { CliFailure } from './cli-failure.ts'
import type { ClientRun } from './client-command.ts'
import { EXIT } from './exit-codes.ts'
import { createProgress } from './progress.ts'

const POLL_MS = 250

/**
 * Waits for the operation that a 202 named, and tells what it does. Throws `CliFailure` where it failed or takes longer
 * than `--timeout`; it goes on then.
 */
export async function followOperation(answer: ApiAnswer, run: ClientRun): Promise<OperationAnswer> {
  const progress = createProgress(run.err)
  const began = run.sinceBegin()
  let operation = decodeAnswer(OperationAnswer, answer.body)
  try {
    while (operation.state === 'running') {
      const id = operation.operation_id
      if (run.sinceBegin() - began > run.timeoutMs) {
        throw new CliFailure(`Operation ${id} is still at work`, {
          exitCode: EXIT.failure,
          lines: [`It goes on. See what it does: moq-broker operation show ${id}`],
        })
      }
      const step = operation.steps.findLast(({ state }) => state === 'started')
      progress.say(step === undefined ? `${operation.kind}: at work` : `${step.provider}: ${step.action} ${step.aim}`)
      await pause(POLL_MS)
      operation = (await run.api.get(`/operations/${encodeURIComponent(id)}`, OperationAnswer)).value
    }
  } finally {
    progress.clear()
  }
  if (operation.state !== 'failed') return operation
  throw new CliFailure(`The ${operation.kind} failed`, {
    exitCode: EXIT.failure,
    lines: [
      ...(operation.outcome === undefined ? [] : [operation.outcome.detail]),
      `See its steps: moq-broker operation show ${operation.operation_id}`,
    ],
    document: operation,
  })
}
