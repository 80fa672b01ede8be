import type { LoadBenchmark } from './benchmark-command.ts'

/** Every benchmark by name: `['provision', () => import('./provision.ts')]`. */
export const BENCHMARKS: ReadonlyMap<string, LoadBenchmark> = new Map<string, LoadBenchmark>([])
