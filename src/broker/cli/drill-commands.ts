import type { Command } from 'commander'
import { z } from 'zod'
import { decodeAnswer } from './api-client.ts'
import { type AddCommand, DurationInput } from './client-command.ts'
import { DrillAnswer, DrillPageAnswer, exitCodeOfVerdict } from './drill-answer.ts'
import { drillListText, drillText } from './drill-text.ts'
import { followDrill } from './follow-drill.ts'
import { resolveScope, ScopeReference } from './scope-reference.ts'
import { stopOnSignals } from './stop-on-signals.ts'

/** `drill …` */
export function addDrillCommands(program: Command, add: AddCommand): void {
  const drill = program.command('drill').description('Pretend that a CDN is gone, and measure what viewers notice')
  add(drill, {
    usage: 'run',
    summary: 'Run a drill, follow it, print its timeline; the exit code is its verdict',
    options: [
      ['--provider <provider>', 'the CDN to lose (needed)'],
      ['--method <method>', "drain: on paper; fault: the lab's relay really goes down (default: drain)"],
      ['--scope <scope>', "whose objects to watch (default: the broker's own canary scope)"],
      ['--hold <duration>', 'how long the CDN stays out'],
      ['--budget <duration>', 'within which the first object must come on the new path'],
      ['--hypothesis <text>', 'what you expect, for the report'],
    ],
    input: z.object({
      provider: z.string('name the CDN to lose'),
      method: z.enum(['drain', 'fault'], 'must be drain or fault').default('drain'),
      scope: ScopeReference.optional(),
      hold: DurationInput.optional(),
      budget: DurationInput.optional(),
      hypothesis: z.string().optional(),
    }),
    run: async ({ provider, method, scope: reference, hold, budget, hypothesis }, run) => {
      using stopping = stopOnSignals()
      const scope = reference === undefined ? undefined : await resolveScope(run.api, reference)
      const body = { provider, method, scope, hold_ms: hold, budget_ms: budget, hypothesis }
      const started = await run.api.send({ method: 'POST', path: '/drills', body })
      const { raw, value } = await followDrill(started.body, run, stopping.signal)
      run.show(raw, () => drillText(value, run.out))
      return exitCodeOfVerdict(value.verdict)
    },
  })
  add(drill, {
    usage: 'show <drill>',
    summary: 'The report of a drill, also while it runs',
    input: z.object({ drill: z.string() }),
    run: async ({ drill: id }, run) => {
      const { raw, value } = await run.api.get(drillPath(id), DrillAnswer)
      run.show(raw, () => drillText(value, run.out))
      return undefined
    },
  })
  add(drill, {
    usage: 'list',
    summary: 'All drills, newest first',
    options: [
      ['--limit <n>', 'at most so many (default: 50)'],
      ['--cursor <cursor>', 'go on where the page before ended'],
    ],
    input: z.object({ limit: z.string().optional(), cursor: z.string().optional() }),
    run: async (query, run) => {
      const { raw, value } = await run.api.get('/drills', DrillPageAnswer, query)
      run.show(raw, () => {
        if (value.drills.length === 0) return 'No drills. Run one: moq-broker drill run --provider CDN\n'
        const more = value.next_cursor === undefined ? '' : `\nThere are more: --cursor ${value.next_cursor}\n`
        return drillListText(value.drills, run.out, run.now()) + more
      })
      return undefined
    },
  })
  add(drill, {
    usage: 'abort <drill>',
    summary: 'End a drill early and restore',
    options: [['--reason <text>', 'for the report (default: by hand)']],
    input: z.object({ drill: z.string(), reason: z.string().default('by hand') }),
    run: async ({ drill: id, reason }, run) => {
      const answer = await run.api.send({ method: 'POST', path: `${drillPath(id)}/abort`, body: { reason } })
      const ended = decodeAnswer(DrillAnswer, answer.body)
      run.show(answer.body, () => drillText(ended, run.out))
      return undefined
    },
  })
}

function drillPath(id: string): string {
  return `/drills/${encodeURIComponent(id)}`
}
