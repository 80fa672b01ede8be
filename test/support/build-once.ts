import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** What was said when the program could not be built; empty when it could. */
    readonly buildFailure: string
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Vitest global setup of the end-to-end project: builds `dist` of `src`, since those suites start the built program. */
export function setup(project: TestProject): void {
  const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, encoding: 'utf8' })
  project.provide('buildFailure', build.status === 0 ? '' : `npm run build failed:\n${build.stdout}${build.stderr}`)
}
