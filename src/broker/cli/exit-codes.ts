/** What the program ends with. The numbers never change their meaning. */
export const EXIT = {
  ok: 0,
  /** The broker cannot be reached, or it failed (5xx). */
  failure: 1,
  /** Wrong usage, input or configuration (400, 422). */
  usage: 2,
  notFound: 3,
  /** The broker refuses: key, role, present state or revision (401, 403, 409, 412). */
  refused: 4,
  drillFailed: 5,
  /** The drill proved nothing: invalid, blocked or interrupted. */
  drillUnproven: 6,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_CODES_HELP = `
Exit codes:
  0  done
  1  failure: the broker cannot be reached, or it failed (5xx)
  2  wrong usage, input or configuration (400, 422)
  3  there is no such thing (404)
  4  refused: key, role, present state or revision (401, 403, 409, 412)
  5  the drill failed
  6  the drill proved nothing: invalid, blocked or interrupted`

/** The exit code for an HTTP status that is not 2xx. */
export function exitCodeOfStatus(status: number): ExitCode {
  switch (status) {
    case 404:
      return EXIT.notFound
    case 401:
    case 403:
    case 409:
    case 412:
      return EXIT.refused
    // A request that came too late may succeed when it is sent again.
    case 408:
    case 429:
      return EXIT.failure
    default:
      return status >= 400 && status < 500 ? EXIT.usage : EXIT.failure
  }
}
