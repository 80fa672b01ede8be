import { setTimeout as pause } from 'node:timers/promises'
import { decodeAnswer, type Shown } from './api-client.ts'
import { CliFailure } from './cli-failure.ts'
import type { ClientRun } from './client-command.ts'
import { DrillAnswer } from './drill-answer.ts'
import { EXIT } from './exit-codes.ts'
import { createProgress } from './progress.ts'

const POLL_MS = 200
const MAX_MISSED_POLLS = 10

/**
 * Tells what a drill does until it has ended. When `stop` fires, the drill is ended at the broker, which restores what
 * it changed, and its report is waited for all the same.
 */
export async function followDrill(start: unknown, run: ClientRun, stop: AbortSignal): Promise<Shown<DrillAnswer>> {
  const progress = createProgress(run.err)
  let drill: Shown<DrillAnswer> = { raw: start, value: decodeAnswer(DrillAnswer, start) }
  const path = `/drills/${encodeURIComponent(drill.value.drill_id)}`
  let told = 0
  let missed = 0
  let aborted = false
  try {
    for (;;) {
      for (const entry of drill.value.timeline.slice(told)) progress.say(`${entry.event}: ${entry.detail}`)
      told = Math.max(told, drill.value.timeline.length)
      if (drill.value.state === 'ended') return drill
      await pause(POLL_MS, undefined, aborted ? {} : { signal: stop }).catch(() => undefined)
      try {
        if (stop.aborted && !aborted) {
          aborted = true
          progress.say('ending the drill and restoring; once more Ctrl-C leaves that to the broker')
          await abortDrill(path, run)
        }
        drill = await run.api.get(path, DrillAnswer)
        missed = 0
      } catch (error) {
        missed += 1
        if (!(error instanceof CliFailure) || error.exitCode !== EXIT.failure || missed > MAX_MISSED_POLLS) throw error
      }
    }
  } finally {
    progress.clear()
  }
}

async function abortDrill(path: string, run: ClientRun): Promise<void> {
  try {
    await run.api.send({ method: 'POST', path: `${path}/abort`, body: { reason: 'interrupted at the terminal' } })
  } catch (error) {
    // It has ended in this very moment: its report says how.
    if (!(error instanceof CliFailure) || error.exitCode !== EXIT.refused) throw error
  }
}
