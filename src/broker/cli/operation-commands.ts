import type { Command } from 'commander'
import { z } from 'zod'
import { OperationAnswer } from './api-answers.ts'
import type { AddCommand } from './client-command.ts'
import { operationText } from './operation-text.ts'

/** `operation …` */
export function addOperationCommands(program: Command, add: AddCommand): void {
  const operation = program.command('operation').description('Changes at work, and how they ended')
  add(operation, {
    usage: 'show <operation>',
    summary: 'One operation with its steps',
    input: z.object({ operation: z.string() }),
    run: async ({ operation: id }, run) => {
      const { raw, value } = await run.api.get(`/operations/${encodeURIComponent(id)}`, OperationAnswer)
      run.show(raw, () => operationText(value, run.out, run.now()))
      return undefined
    },
  })
}
