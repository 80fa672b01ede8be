import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that some suites start for real; without one, those suites cannot run. */
const REQUIRED_TOOLS = [
  { program: 'redis-server', needed: 'the Redis store suites', install: 'apt-get install redis-server' },
  { program: 'prlimit', needed: 'the full-disk suites', install: 'apt-get install util-linux' },
  { program: 'dig', needed: 'the DNS suites and the README tour', install: 'apt-get install dnsutils' },
  { program: 'chromium', needed: 'the suites with real players', install: 'apt-get install chromium' },
  { program: 'openssl', needed: 'the TLS suites', install: 'apt-get install openssl' },
] as const

function isOnPath(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/**
 * One sentence per missing program, saying which suites will not run and how to install it.
 *
 * @param path - a `PATH` value: folders separated by the platform's delimiter.
 */
export function describeMissingTools(path: string): readonly string[] {
  return REQUIRED_TOOLS.filter(({ program }) => !isOnPath(program, path)).map(
    ({ program, needed, install }) =>
      `${program} is not on the PATH: ${needed} do NOT run. Install it with: ${install}`,
  )
}

/** Vitest global setup: says loudly which suites cannot run; with `CI` set, refuses to start instead. */
export function setup(): void {
  const missing = describeMissingTools(process.env['PATH'] ?? '')
  if (missing.length === 0) return
  const message = missing.join('\n')
  if (process.env['CI']) throw new Error(`In CI every suite must run.\n${message}`)
  console.warn(`\n!!! ${message.replaceAll('\n', '\n!!! ')}\n`)
}
