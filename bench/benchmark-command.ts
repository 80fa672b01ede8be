/** What a benchmark is started with. */
export interface BenchmarkOptions {
  /** Fewer rounds, to see that it works; its numbers are not for comparison. */
  readonly quick: boolean
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal
  /** Prints a line of progress for people. */
  readonly log: (line: string) => void
}

/** Runs one benchmark; answers its numbers by key, all finite. Keys carry their unit (`startup_seconds`) or `ratio`. */
export type RunBenchmark = (options: BenchmarkOptions) => Promise<Readonly<Record<string, number>>>

/** Loads the module of one benchmark, which exports `run`. */
export type LoadBenchmark = () => Promise<{ readonly run: RunBenchmark }>

/** The command line and what it reads and writes. */
export interface BenchmarkCommand {
  readonly args: readonly string[]
  readonly benchmarks: ReadonlyMap<string, LoadBenchmark>
  readonly signal: AbortSignal
  /** Writes one line to standard output. */
  readonly print: (line: string) => void
  /** Writes one line to standard error. */
  readonly log: (line: string) => void
}

function usage(benchmarks: ReadonlyMap<string, LoadBenchmark>): readonly string[] {
  const names = [...benchmarks.keys()].toSorted()
  return [
    'usage: npm run bench -- NAME [--json] [--quick]',
    names.length === 0 ? 'There are no benchmarks yet.' : `Benchmarks: ${names.join(', ')}`,
  ]
}

/**
 * Runs the benchmark that the arguments name. Progress goes to standard error; the last line of standard output is the
 * result as one JSON object with `--json`, else one line per number.
 *
 * @returns the exit code: 0, 1 when the benchmark failed, 2 when the arguments are wrong.
 */
export async function runBenchmarkCommand(command: BenchmarkCommand): Promise<0 | 1 | 2> {
  const { args, benchmarks, signal, print, log } = command
  const names = args.filter((arg) => !arg.startsWith('-'))
  const unknown = args.find((arg) => arg.startsWith('-') && arg !== '--json' && arg !== '--quick')
  const [name] = names
  const load = name === undefined ? undefined : benchmarks.get(name)
  if (names.length !== 1 || name === undefined || load === undefined || unknown !== undefined) {
    if (unknown !== undefined) log(`Unknown option ${unknown}`)
    else if (name !== undefined && load === undefined) log(`There is no benchmark named ${name}`)
    for (const line of usage(benchmarks)) log(line)
    return 2
  }
  try {
    const { run } = await load()
    const result = await run({ quick: args.includes('--quick'), signal, log })
    const broken = Object.entries(result).find(([, value]) => !Number.isFinite(value))
    if (broken !== undefined) throw new Error(`${broken[0]} is ${broken[1]}, not a finite number`)
    if (args.includes('--json')) print(JSON.stringify(result))
    else for (const [key, value] of Object.entries(result)) print(`${key}: ${value}`)
    return 0
  } catch (error) {
    log(`Benchmark ${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    return 1
  }
}
