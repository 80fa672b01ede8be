import type { Command } from 'commander'
import { z } from 'zod'
import { DecisionAnswer } from './api-answers.ts'
import { decodeAnswer } from './api-client.ts'
import { ProblemAnswer } from './api-problem.ts'
import type { AddCommand } from './client-command.ts'
import { EXIT } from './exit-codes.ts'
import { decisionsText, decisionText } from './route-text.ts'
import { resolveScope, ScopeReference } from './scope-reference.ts'

const AnswersAnswer = z.object({ answers: z.array(z.union([DecisionAnswer, ProblemAnswer])) })

/** `route …` */
export function addRouteCommand(program: Command, add: AddCommand): void {
  add(program, {
    usage: 'route <ip...>',
    summary: 'Which CDN should serve these clients, and why',
    options: [
      ['--scope <scope>', 'only CDNs that hold this scope, with their connect URLs'],
      ['--session <id>', 'keeps one viewer on one CDN among equals'],
      ['--explain', "every CDN's verdict, and the advertisements used"],
    ],
    input: z.object({
      ip: z.array(z.string()).min(1),
      scope: ScopeReference.optional(),
      session: z.string().optional(),
      explain: z.boolean().default(false),
    }),
    run: async ({ ip, scope: reference, session, explain }, run) => {
      const scope = reference === undefined ? undefined : await resolveScope(run.api, reference)
      const [only, ...others] = ip
      if (only !== undefined && others.length === 0) {
        const query = { client: only, scope, session, ...(explain ? { explain: 'true' } : {}) }
        const { raw, value } = await run.api.get('/route', DecisionAnswer, query)
        run.show(raw, () => decisionText(value, run.out))
        return undefined
      }
      const body = { questions: ip.map((client) => ({ client, scope, session })), explain }
      const answer = await run.api.send({ method: 'POST', path: '/route', body })
      const { answers } = decodeAnswer(AnswersAnswer, answer.body)
      run.show(answer.body, () => decisionsText(ip, answers, run.out, { urls: scope !== undefined, explain }))
      return answers.some((one) => 'title' in one) ? EXIT.usage : EXIT.ok
    },
  })
}
