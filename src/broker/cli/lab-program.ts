import { fileURLToPath } from 'node:url'

/** How the process of a lab CDN is started: the built program from the built one, the source from the source. */
export interface LabProgram {
  readonly entry: string
  readonly execArgv: readonly string[]
}

export function labProgram(): LabProgram {
  const here = fileURLToPath(import.meta.url)
  const suffix = here.endsWith('.ts') ? 'ts' : 'js'
  return { entry: fileURLToPath(new URL(`../../lab/main.${suffix}`, import.meta.url)), execArgv: process.execArgv }
}
