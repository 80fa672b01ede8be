import type { OperationAnswer } from './api-answers.ts'
import { formatOfState, relativeTime, stateCell } from './cells.ts'
import { durationInWords } from './duration.ts'
import { printable } from './printable-text.ts'
import { renderFacts, renderTable } from './table.ts'
import type { Output } from './terminal.ts'

/** An operation with its steps, as lines. */
export function operationText(operation: OperationAnswer, out: Output, now: number): string {
  const { kind, state, failover, outcome, steps } = operation
  const format = formatOfState(state)
  const shownState = printable(state)
  const facts = renderFacts(
    [
      ['id', operation.operation_id],
      ['scope', operation.scope_id],
      ['failover', failover === undefined ? undefined : `from ${failover.from} to ${failover.to}`],
      ['reason', operation.reason],
      ['asked', `${relativeTime(operation.created_at, now)} by ${operation.requested_by}`],
      ['took', spanText(operation.created_at, operation.ended_at)],
      ['outcome', outcome === undefined ? undefined : `${outcome.code}: ${outcome.detail}`],
    ],
    out,
    { indent: '  ' },
  )
  const table = renderTable(
    [
      { title: 'CDN' },
      { title: 'STEP' },
      { title: 'STATE' },
      { title: 'TOOK', align: 'right' },
      { title: 'AIM', wraps: true },
      { title: 'PROBLEM', wraps: true },
    ],
    steps.map((step) => [
      step.provider,
      step.action,
      stateCell(step.state),
      spanText(step.started_at, step.ended_at) ?? '',
      step.aim,
      step.error === undefined ? '' : `${step.error.code}: ${step.error.detail}`,
    ]),
    out,
  )
  const title = `${out.paint('bold', `Operation ${printable(kind)}: `)}${format === undefined ? shownState : out.paint(format, shownState)}`
  return `${title}\n${facts}${steps.length === 0 ? '' : `\n${table}`}`
}

function spanText(from: string, to: string | undefined): string | undefined {
  return to === undefined ? undefined : durationInWords(Math.max(0, Date.parse(to) - Date.parse(from)))
}
