import { spawnSync } from 'node:child_process'
import { describe, it } from 'vitest'

function canStart(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

/** A suite that starts other programs. Where one is missing it does not run and says so loudly; with `CI` set it fails. */
export function describeWithPrograms(programs: readonly string[], title: string, suite: () => void): void {
  const missing = programs.filter((program) => !canStart(program))
  if (missing.length === 0) {
    describe(title, suite)
    return
  }
  const reason = `"${title}" needs ${missing.join(' and ')}, which cannot be started here. Install it to run this suite.`
  if (process.env['CI']) {
    describe(title, () => {
      it('runs in CI', () => {
        throw new Error(reason)
      })
    })
    return
  }
  console.warn(`\n!!! NOT RUN: ${reason}\n`)
  describe.skipIf(true)(title, suite)
}
