import type { Command } from 'commander'
import type { z } from 'zod'
import { CliFailure } from './cli-failure.ts'
import { EXIT } from './exit-codes.ts'

/** Arguments and options of a command as the user gave them, by name. */
export function describeInput(command: Command): Readonly<Record<string, unknown>> {
  const values: readonly unknown[] = command.processedArgs
  const given: Record<string, unknown> = {}
  command.registeredArguments.forEach((argument, index) => {
    const value = values[index]
    if (value !== undefined) given[argument.name()] = value
  })
  return { ...given, ...command.opts() }
}

/** Checks them. Throws `CliFailure` that names the option or the argument at fault. */
export function readInput<T>(schema: z.ZodType<T>, given: Readonly<Record<string, unknown>>, command: Command): T {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `${placeOf(issue.path[0], command)}: ${issue.message}`)
  throw new CliFailure(faults[0] ?? 'The command is not as expected', {
    exitCode: EXIT.usage,
    lines: [...faults.slice(1), `See: ${pathOf(command)} --help`],
  })
}

function placeOf(key: PropertyKey | undefined, command: Command): string {
  const option = command.options.find((one) => one.attributeName() === key)
  return option?.long ?? `<${String(key)}>`
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}
