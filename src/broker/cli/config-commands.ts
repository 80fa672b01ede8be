import type { Command } from 'commander'
import type { ExitCode } from './exit-codes.ts'
import type { Cli } from './terminal.ts'

/** `config check`. Its code is loaded only when it is to run. */
export function addConfigCommands(program: Command, cli: Cli, end: (code: ExitCode) => void): void {
  const config = program.command('config').description('The configuration file')
  config
    .command('check <file>')
    .description('Validate a file and print it with its defaults, without secrets')
    .option('--json', 'print one JSON document')
    .action(async (file: string, options: { readonly json?: true }) => {
      const { checkConfigFile } = await import('./config-check.ts')
      end(checkConfigFile(file, options.json === true, cli))
    })
}
