import type { LoadBenchmark } from './benchmark-command.ts'

/** Every benchmark by name. */
export const BENCHMARKS: ReadonlyMap<string, LoadBenchmark> = new Map<string, LoadBenchmark>([
  ['provision', () => import('./provision.ts')],
])
