import type { Command } from 'commander'
import { z } from 'zod'
import { CredentialsAnswer, EventsAnswer, ScopeAnswer, ScopePageAnswer } from './api-answers.ts'
import type { AddCommand } from './client-command.ts'
import {
  CreateScopeInput,
  createScope,
  DeleteScopeInput,
  deleteScope,
  FailoverInput,
  failOver,
} from './scope-changes.ts'
import { resolveScope, ScopeReference, scopePath } from './scope-reference.ts'
import { credentialsText, eventsText, scopeListText, scopeText } from './scope-text.ts'

const ASYNC = ['--async', 'do not wait: print the operation'] as const
const IDEMPOTENCY = ['--idempotency-key <key>', 'the same key again gives the same answer, for 24 hours'] as const
const Limit = z.string().regex(/^\d{1,3}$/, 'must be a number from 1 to 200')

/** `scope …` */
export function addScopeCommands(program: Command, add: AddCommand): void {
  const scope = program.command('scope').description('MoQ scopes over all CDNs')
  add(scope, {
    usage: 'create',
    summary: 'Provision a scope on every CDN and wire them together',
    options: [
      ['--name <name>', 'a name of your own'],
      ['--primary <provider>', 'where publishers connect (default: the broker chooses)'],
      ['--provider <list>', 'only these, separated by commas (default: all that are enabled)'],
      ['--origin <url>', 'origin fallback of the primary'],
      ASYNC,
      IDEMPOTENCY,
    ],
    input: CreateScopeInput,
    run: createScope,
  })
  add(scope, {
    usage: 'list',
    summary: 'All scopes, newest first',
    options: [
      ['--state <state>', 'only those in this state'],
      ['--provider <provider>', 'only those placed there'],
      ['--limit <n>', 'at most so many (default: 50)'],
      ['--cursor <cursor>', 'go on where the page before ended'],
    ],
    input: z.object({
      state: z.string().optional(),
      provider: z.string().optional(),
      limit: Limit.optional(),
      cursor: z.string().optional(),
    }),
    run: async (query, run) => {
      const { raw, value } = await run.api.get('/moq/scopes', ScopePageAnswer, query)
      run.show(raw, () => {
        if (value.scopes.length === 0) return 'No scopes. Make one: moq-broker scope create --name NAME\n'
        const more = value.next_cursor === undefined ? '' : `\nThere are more: --cursor ${value.next_cursor}\n`
        return scopeListText(value.scopes, run.out, run.now()) + more
      })
      return undefined
    },
  })
  add(scope, {
    usage: 'show <scope>',
    summary: 'One scope with its placements',
    input: z.object({ scope: ScopeReference }),
    run: async ({ scope: reference }, run) => {
      const { raw, value } = await run.api.get(scopePath(await resolveScope(run.api, reference)), ScopeAnswer)
      run.show(raw, () => scopeText(value, run.out, run.now()))
      return undefined
    },
  })
  add(scope, {
    usage: 'delete <scope>',
    summary: 'Delete a scope at every CDN',
    options: [ASYNC, IDEMPOTENCY],
    input: DeleteScopeInput,
    run: deleteScope,
  })
  add(scope, {
    usage: 'failover <scope>',
    summary: 'Make another CDN the primary',
    options: [
      ['--to <provider>', 'the new primary (default: the broker chooses)'],
      ['--reason <text>', 'for the history (default: by hand)'],
      ASYNC,
      IDEMPOTENCY,
    ],
    input: FailoverInput,
    run: failOver,
  })
  add(scope, {
    usage: 'events <scope>',
    summary: 'What happened to a scope, oldest first',
    options: [
      ['--after <sequence>', 'only what came later'],
      ['--limit <n>', 'at most so many (default: 50)'],
    ],
    input: z.object({
      scope: ScopeReference,
      after: z.string().regex(/^\d+$/, 'must be a number').optional(),
      limit: Limit.optional(),
    }),
    run: async ({ scope: reference, ...query }, run) => {
      const id = await resolveScope(run.api, reference)
      const { raw, value } = await run.api.get(scopePath(id, '/events'), EventsAnswer, query)
      run.show(raw, () => {
        const more = value.next_after === undefined ? '' : `\nThere are more: --after ${value.next_after}\n`
        return (value.events.length === 0 ? 'Nothing.\n' : eventsText(value, run.out)) + more
      })
      return undefined
    },
  })
  add(scope, {
    usage: 'credentials <scope>',
    summary: 'Connect URLs. They hold tokens: keep them out of logs',
    options: [['--right <right>', 'only those that may publish, or subscribe']],
    input: z.object({
      scope: ScopeReference,
      right: z.enum(['publish', 'subscribe'], 'must be publish or subscribe').optional(),
    }),
    run: async ({ scope: reference, right }, run) => {
      const id = await resolveScope(run.api, reference)
      const { raw, value } = await run.api.get(scopePath(id, '/credentials'), CredentialsAnswer, { right })
      run.show(raw, () => credentialsText(value, run.out))
      return undefined
    },
  })
}
