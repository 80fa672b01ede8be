import { fileURLToPath } from 'node:url'
import { programFile } from '../program-file.ts'

/** How the process of a lab CDN is started: the built program from the built one, the source from the source. */
export interface LabProgram {
  readonly entry: string
  readonly execArgv: readonly string[]
}

export function labProgram(): LabProgram {
  return { entry: fileURLToPath(programFile('lab/main')), execArgv: process.execArgv }
}
