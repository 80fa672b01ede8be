import { Command, CommanderError } from 'commander'
import { VERSION } from '../version.ts'
import { CliFailure } from './cli-failure.ts'
import { type AddCommand, addClientCommand } from './client-command.ts'
import { addConfigCommands } from './config-commands.ts'
import { addCoverageCommand } from './coverage-command.ts'
import { addDrillCommands } from './drill-commands.ts'
import { EXIT, EXIT_CODES_HELP, type ExitCode } from './exit-codes.ts'
import { addFciCommands } from './fci-commands.ts'
import { addGeoCommand } from './geo-commands.ts'
import { addKeyCommands } from './key-commands.ts'
import { addOperationCommands } from './operation-commands.ts'
import { addPolicyCommands } from './policy-commands.ts'
import { printable } from './printable-text.ts'
import { addProcessCommands } from './process-commands.ts'
import { addProviderCommands } from './provider-commands.ts'
import { addRouteCommand } from './route-command.ts'
import { addScopeCommands } from './scope-commands.ts'
import type { Cli } from './terminal.ts'

/** Runs one command line. Never throws for what a user can do wrong; resolves with the exit code. */
export async function runCli(args: readonly string[], cli: Cli): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  const program = createProgram(cli, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (!(error instanceof CliFailure)) throw error
    cli.err.write(failureText(error, cli))
    return error.exitCode
  }
}

function createProgram(cli: Cli, end: (code: ExitCode) => void): Command {
  const program = new Command('moq-broker')
    .description('One API for MoQ scopes on several CDNs: provision, route, fail over, drill.')
    .version(VERSION)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => cli.out.write(text),
      writeErr: (text) => cli.err.write(text),
      outputError: (text, write) => write(text.replace(/^error:/, cli.err.paint('red', 'error:'))),
      getOutHelpWidth: () => Math.min(cli.out.width, 100),
      getErrHelpWidth: () => Math.min(cli.err.width, 100),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', EXIT_CODES_HELP)
  const add: AddCommand = (parent, spec) => addClientCommand(parent, cli, end, spec)
  program.commandsGroup('Run a broker:')
  addProcessCommands(program, cli, end)
  addConfigCommands(program, cli, end)
  program.commandsGroup('Check what CDNs publish:')
  addFciCommands(program, cli, end)
  program.commandsGroup('Ask a running broker:')
  addScopeCommands(program, add)
  addRouteCommand(program, add)
  addCoverageCommand(program, add)
  addProviderCommands(program, add)
  addGeoCommand(program, add)
  addPolicyCommands(program, add)
  addDrillCommands(program, add)
  addOperationCommands(program, add)
  addKeyCommands(program, add)
  return program
}

/** The message, then everything else below it. */
function failureText({ message, lines }: CliFailure, { err }: Cli): string {
  const rest = lines.map((line) => `  ${printable(line)}\n`).join('')
  return `${err.paint('red', 'error:')} ${printable(message)}\n${rest}`
}
