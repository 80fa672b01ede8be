import { parse } from 'yaml'
import { lintPolicy } from '../../routing/policy-file/lint-policy.ts'
import type { Config } from '../config/config-schema.ts'
import { ConfigError, loadConfigFile } from '../config/load-config.ts'
import { PROCESS_SECRETS } from '../config/secret-reference.ts'
import { showConfig } from '../config/show-config.ts'
import { CliFailure } from './cli-failure.ts'
import { jsonText } from './client-command.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { readPolicyFile } from './policy-files.ts'
import type { Cli } from './terminal.ts'

/** `config check`. Throws `CliFailure`. */
export function checkConfigFile(file: string, json: boolean, cli: Cli): ExitCode {
  try {
    const { config: loaded } = loadConfigFile(file, PROCESS_SECRETS)
    checkPolicyFile(loaded, file, cli.now())
    const shown = showConfig(loaded)
    const config: unknown = json ? parse(shown) : undefined
    if (json) cli.out.write(jsonText({ valid: true, config }))
    else cli.out.write(`# ${file} is valid. With its defaults:\n${shown}`)
    return EXIT.ok
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    if (json) cli.out.write(jsonText({ valid: false, issues: error.issues }))
    throw failureOfConfig(error)
  }
}

/** Throws `ConfigError` for errors in the policy file, with pointers into it. */
function checkPolicyFile({ routing, providers }: Config, file: string, now: number): void {
  if (routing.policy_file === undefined) return
  const surroundings = { providers: new Map(providers.map(({ id, weight }) => [id, { weight }])), now }
  const { findings } = lintPolicy(readPolicyFile(routing.policy_file), surroundings)
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return
  const issues = errors.map(({ pointer, message }) => ({ path: `routing.policy_file${pointer}`, message }))
  throw new ConfigError(file, issues)
}

/** One line per issue, with its path and its line in the file. */
export function failureOfConfig(error: ConfigError): CliFailure {
  const [title = '', ...lines] = error.message.split('\n')
  return new CliFailure(title, { exitCode: EXIT.usage, lines: lines.map((line) => `- ${line.trim()}`), cause: error })
}
