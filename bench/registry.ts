import type { LoadBenchmark } from './benchmark-command.ts'

/** Every benchmark by name. */
export const BENCHMARKS: ReadonlyMap<string, LoadBenchmark> = new Map<string, LoadBenchmark>([
  ['fci', () => import('./fci.ts')],
  ['provision', () => import('./provision.ts')],
  ['routing-compile', () => import('./routing-compile.ts')],
  ['routing-lookup', () => import('./routing-lookup.ts')],
  ['routing-http', () => import('./routing-http.ts')],
  ['routing-dns', () => import('./routing-dns.ts')],
  ['routing', () => import('./routing.ts')],
])
