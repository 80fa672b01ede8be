import type { BenchmarkOptions, LoadBenchmark } from './benchmark-command.ts'

/** The parts of the benchmark, one after the other: each has the machine for itself. */
const PARTS: readonly LoadBenchmark[] = [
  () => import('./routing-lookup.ts'),
  () => import('./routing-compile.ts'),
  () => import('./routing-http.ts'),
  () => import('./routing-dns.ts'),
]

/** What an answer costs on each surface, and the map that it is read from; the parts say what their numbers mean. */
export async function run(options: BenchmarkOptions): Promise<Readonly<Record<string, number>>> {
  const results: Record<string, number> = {}
  for (const load of PARTS) {
    options.signal.throwIfAborted()
    const part = await load()
    Object.assign(results, await part.run(options))
  }
  return results
}
