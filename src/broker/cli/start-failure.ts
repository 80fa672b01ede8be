import { ConfigError } from '../config/load-config.ts'
import { ListenError } from '../http/server.ts'
import { StoreError } from '../store/store.ts'
import { CliFailure } from './cli-failure.ts'
import { failureOfConfig } from './config-check.ts'
import { EXIT } from './exit-codes.ts'

/** How this command is given another port and another data folder, e.g. `--port N`. */
export interface Remedies {
  readonly port: string
  readonly data: string
}

/** Why a broker or a lab did not start, in words for whoever started it. */
export function failureOfStart(error: unknown, remedies: Remedies): unknown {
  if (error instanceof CliFailure) return error
  if (error instanceof ConfigError) return failureOfConfig(error)
  if (error instanceof ListenError) {
    return new CliFailure(sentence(error.message), {
      exitCode: EXIT.failure,
      lines: [`For another port: ${remedies.port}`],
      cause: error,
    })
  }
  if (error instanceof StoreError) {
    return new CliFailure(error.message, {
      exitCode: EXIT.failure,
      lines: error.code === 'locked' ? [`For another folder: ${remedies.data}`] : [],
      cause: error,
    })
  }
  if (!(error instanceof Error)) return error
  // Of Node's own errors the message has the call and the path; what we throw is written for people already.
  const isFileError = 'code' in error && 'path' in error
  return new CliFailure(isFileError ? `The data folder cannot be written: ${error.message}` : sentence(error.message), {
    exitCode: EXIT.failure,
    lines: isFileError ? [`For another folder: ${remedies.data}`] : [],
    cause: error,
  })
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
