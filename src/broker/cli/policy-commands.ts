import type { Command } from 'commander'
import { z } from 'zod'
import { decodeAnswer } from './api-client.ts'
import { CliFailure } from './cli-failure.ts'
import type { AddCommand } from './client-command.ts'
import { EXIT } from './exit-codes.ts'
import { EffectAnswer, FindingsAnswer, PolicyAnswer } from './policy-answers.ts'

/** `0.1` or `10%`. */
const ShareInput = z.string().transform((text, context) => {
  const [, digits, sign] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  const share = Number(digits) / (sign === '%' ? 100 : 1)
  if (share >= 0 && share <= 1) return share
  context.addIssue({ code: 'custom', message: 'write a share such as 10% or 0.1' })
  return z.NEVER
})

/** `policy …` */
export function addPolicyCommands(program: Command, add: AddCommand): void {
  const policy = program.command('policy').description('How clients are shared out: show, check, compare, change')
  add(policy, {
    usage: 'show',
    summary: 'The policy in use, what is on trial, and its history',
    input: z.object({}),
    run: async (_, run) => {
      const words = await loadWords()
      const { raw, value } = await run.api.get('/policy', PolicyAnswer)
      run.show(raw, () => words.policyText(value, run.out, run.now()))
      return undefined
    },
  })
  add(policy, {
    usage: 'lint <file>',
    summary: 'Check a policy file against the running broker',
    input: z.object({ file: z.string() }),
    run: async ({ file }, run) => {
      const words = await loadWords()
      const answer = await run.api.send({
        method: 'POST',
        path: '/policy/lint',
        body: { document: await readDocument(file) },
      })
      const { valid, findings } = decodeAnswer(FindingsAnswer, answer.body)
      run.show(answer.body, () => `${words.findingsText(findings, run.out)}${valid ? 'It can be used.\n' : ''}`)
      return valid ? EXIT.ok : EXIT.usage
    },
  })
  add(policy, {
    usage: 'diff <file>',
    summary: 'What a policy file would change, in address space and in traffic',
    options: [['--scope <id>', 'for questions about this scope']],
    input: z.object({ file: z.string(), scope: z.string().optional() }),
    run: async ({ file, scope }, run) => {
      const words = await loadWords()
      const body = { document: await readDocument(file), scope }
      const answer = await run.api.send({ method: 'POST', path: '/policy/dry-run', body })
      const effect = decodeAnswer(EffectAnswer, answer.body)
      run.show(answer.body, () => words.effectText(effect, run.out))
      return undefined
    },
  })
  add(policy, {
    usage: 'apply [file]',
    summary: 'Take a policy file, at once or with a share of clients',
    options: [
      ['--share <share>', 'try it with this share of clients, e.g. 1%; without a file: set the share of the trial'],
      ['--reason <text>', 'for the record'],
    ],
    input: z.object({ file: z.string().optional(), share: ShareInput.optional(), reason: z.string().optional() }),
    run: async ({ file, share, reason }, run) => {
      const words = await loadWords()
      if (file === undefined && share === undefined) {
        throw new CliFailure('Give a policy file, or --share for the one on trial', { exitCode: EXIT.usage })
      }
      const document = file === undefined ? undefined : await readDocument(file)
      const answer = await run.api.send(
        share === undefined
          ? { method: 'PUT', path: '/policy', body: { document, reason } }
          : { method: 'POST', path: '/policy/rollout', body: { document, share, reason } },
      )
      const shown = decodeAnswer(PolicyAnswer, answer.body)
      run.show(answer.body, () => words.policyText(shown, run.out, run.now()))
      return undefined
    },
  })
  add(policy, {
    usage: 'rollback [revision]',
    summary: 'End the trial, or go back to the revision before or to the one named',
    options: [['--reason <text>', 'for the record']],
    input: z.object({ revision: z.string().optional(), reason: z.string().optional() }),
    run: async ({ revision, reason }, run) => {
      const words = await loadWords()
      const answer = await run.api.send({ method: 'POST', path: '/policy/rollback', body: { revision, reason } })
      const shown = decodeAnswer(PolicyAnswer, answer.body)
      run.show(answer.body, () => words.policyText(shown, run.out, run.now()))
      return undefined
    },
  })
  add(policy, {
    usage: 'replay <log>',
    summary: 'What a policy file would have changed about the decisions in a decision log; asks no broker',
    options: [['--policy <file>', 'the policy file']],
    input: z.object({ log: z.string(), policy: z.string() }),
    run: async ({ log, policy: file }, run) => {
      const words = await loadWords()
      const { readPolicyFile, replayLog } = await import('./policy-files.ts')
      const result = await replayLog(log, readPolicyFile(file), run.now())
      run.show(result, () => {
        const { unreadable, different, ...traffic } = result
        const again = different === 0 ? 'All of them are reproduced' : `${different} of them are not reproduced`
        const bad = unreadable === 0 ? '' : `; ${unreadable} lines cannot be read`
        return `${words.trafficText(traffic, run.out)}${again} by their own policy${bad}.\n`
      })
      return undefined
    },
  })
}

/** Loads the reader only when there is a file to read. */
async function readDocument(file: string): Promise<unknown> {
  const { readPolicyFile } = await import('./policy-files.ts')
  return readPolicyFile(file)
}

/** Printing YAML takes a library that no other command needs. */
function loadWords() {
  return import('./policy-text.ts')
}
