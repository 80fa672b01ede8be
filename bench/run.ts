import { runBenchmarkCommand } from './benchmark-command.ts'
import { BENCHMARKS } from './registry.ts'

const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')))

process.exitCode = await runBenchmarkCommand({
  args: process.argv.slice(2),
  benchmarks: BENCHMARKS,
  signal: interrupted.signal,
  print: (line) => process.stdout.write(`${line}\n`),
  log: (line) => process.stderr.write(`${line}\n`),
})
