import type { BenchmarkOptions, LoadBenchmark } from './benchmark-command.ts'

/** The parts of the benchmark, one after the other: each has the machine for itself. */
const PARTS: readonly LoadBenchmark[] = [() => import('./routing-http.ts'), () => import('./routing-dns.ts')]

/** What an answer costs on each surface; the parts say what their numbers mean. */
export async function run(options: BenchmarkOptions): Promise<Readonly<Record<string, number>>> {
  const results: Record<string, number> = {}
  for (const load of PARTS) {
import type { LoadBenchmark, RunBenchmark } from './benchmark-command.ts'

/** What `npm run bench -- routing` measures, one after the other; each part answers numbers of its own. */
const PARTS: ReadonlyMap<string, LoadBenchmark> = new Map<string, LoadBenchmark>([
  ['look-ups', () => import('./routing-lookup.ts')],
  ['compilation', () => import('./routing-compile.ts')],
  ['HTTP', () => import('./routing-http.ts')],
])

/** The numbers of all parts; docs/architecture.md, "Look-ups", says what they are to be. */
export const run: RunBenchmark = async (options) => {
  const results: Record<string, number> = {}
  for (const [name, load] of PARTS) {
    options.signal.throwIfAborted()
    options.log(`-- ${name}`)
    const part = await load()
    Object.assign(results, await part.run(options))
  }
  return results
}
