import type { Command } from 'commander'
import { z } from 'zod'
import { CreatedKeyAnswer, KeyListAnswer } from './api-answers.ts'
import { decodeAnswer } from './api-client.ts'
import { timeText } from './cells.ts'
import type { AddCommand } from './client-command.ts'
import { printable } from './printable-text.ts'
import { renderTable } from './table.ts'

const Role = z.enum(['reader', 'operator', 'admin'], 'must be reader, operator or admin')

/** `key …` */
export function addKeyCommands(program: Command, add: AddCommand): void {
  const key = program.command('key').description('API keys (needs the role admin)')
  add(key, {
    usage: 'create <name>',
    summary: 'Make a key; it is shown once',
    options: [['--role <role>', 'reader, operator or admin (default: reader)']],
    input: z.object({ name: z.string(), role: Role.default('reader') }),
    run: async (body, run) => {
      const answer = await run.api.send({ method: 'POST', path: '/keys', body })
      const created = decodeAnswer(CreatedKeyAnswer, answer.body)
      const title = `Key ${created.key_id} "${created.name}" with the role ${created.role}, shown only now:`
      run.show(answer.body, () => `${printable(title)}\n${printable(created.key)}\n`)
      return undefined
    },
  })
  add(key, {
    usage: 'list',
    summary: 'All keys, without their secrets',
    input: z.object({}),
    run: async (_, run) => {
      const { raw, value } = await run.api.get('/keys', KeyListAnswer)
      run.show(raw, () =>
        renderTable(
          [{ title: 'ID' }, { title: 'NAME', wraps: true }, { title: 'ROLE' }, { title: 'MADE (UTC)' }],
          value.keys.map((one) => [one.key_id, one.name, one.role, timeText(one.created_at)]),
          run.out,
        ),
      )
      return undefined
    },
  })
  add(key, {
    usage: 'revoke <key-id>',
    summary: 'Make a key worthless',
    input: z.object({ 'key-id': z.string() }),
    run: async ({ 'key-id': id }, run) => {
      await run.api.send({ method: 'DELETE', path: `/keys/${encodeURIComponent(id)}` })
      run.show({ key_id: id, revoked: true }, () => `Key ${printable(id)} is revoked.\n`)
      return undefined
    },
  })
}
