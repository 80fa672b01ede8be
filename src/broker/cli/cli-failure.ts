import type { ExitCode } from './exit-codes.ts'

export interface CliFailureInfo {
  readonly exitCode: ExitCode
  /** Further lines below the message: details first, then what to do. */
  readonly lines?: readonly string[]
  /** What `--json` prints instead: a problem (RFC 9457). */
  readonly document?: unknown
  readonly cause?: unknown
}

/** A command cannot do what it was asked. Its texts are for people and hold no secret. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure'
  readonly exitCode: ExitCode
  readonly lines: readonly string[]
  readonly document: unknown

  constructor(message: string, info: CliFailureInfo) {
    super(message, { cause: info.cause })
    this.exitCode = info.exitCode
    this.lines = info.lines ?? []
    this.document = info.document ?? {
      type: 'about:blank',
      title: message,
      ...(this.lines.length === 0 ? {} : { detail: this.lines.join(' ') }),
    }
  }
}
