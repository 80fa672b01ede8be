import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { type LoadBenchmark, type RunBenchmark, runBenchmarkCommand } from '../../bench/benchmark-command.ts'

interface Outcome {
  readonly code: number
  readonly printed: readonly string[]
  readonly logged: readonly string[]
}

async function runCommand(args: readonly string[], run: RunBenchmark): Promise<Outcome> {
  const printed: string[] = []
  const logged: string[] = []
  const code = await runBenchmarkCommand({
    args,
    benchmarks: new Map<string, LoadBenchmark>([['sorting', async () => ({ run })]]),
    signal: new AbortController().signal,
    print: (line) => printed.push(line),
    log: (line) => logged.push(line),
  })
  return { code, printed, logged }
}

it('prints the result as one JSON object on standard output, and progress elsewhere', async () => {
  const outcome = await runCommand(['sorting', '--json'], async ({ log, quick }) => {
    log('round 1')
    return { sort_ratio: 1.5, quick: quick ? 1 : 0 }
  })
  expect(outcome).toEqual({ code: 0, printed: ['{"sort_ratio":1.5,"quick":0}'], logged: ['round 1'] })
})

it('prints one line per number without --json, and hands --quick on', async () => {
  const outcome = await runCommand(['--quick', 'sorting'], async ({ quick }) => ({ quick: quick ? 1 : 0 }))
  expect(outcome).toEqual({ code: 0, printed: ['quick: 1'], logged: [] })
})

it.each([[[]], [['unheard-of', '--json']], [['sorting', 'sorting']], [['sorting', '--fast']]])(
  'lists the benchmarks and exits with 2 for the arguments %j',
  async (args) => {
    const outcome = await runCommand(args, async () => ({}))
    expect(outcome).toMatchObject({ code: 2, printed: [] })
    expect(outcome.logged.at(-1)).toBe('Benchmarks: sorting')
  },
)

it('exits with 1 and prints no result when the benchmark fails', async () => {
  const outcome = await runCommand(['sorting', '--json'], async () => {
    throw new Error('the store is down')
  })
  expect(outcome).toMatchObject({ code: 1, printed: [] })
  expect(outcome.logged.join('\n')).toContain('Benchmark sorting failed: Error: the store is down')
})

it('refuses a result that is not a finite number', async () => {
  const outcome = await runCommand(['sorting', '--json'], async () => ({ sort_ratio: Number.NaN }))
  expect(outcome).toMatchObject({ code: 1, printed: [] })
  expect(outcome.logged.join('\n')).toContain('sort_ratio is NaN')
})

it("is what `npm run bench` starts, and its exit code is the program's", () => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const run = spawnSync('npm', ['run', '--silent', 'bench', '--', 'unheard-of', '--json'], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(run).toMatchObject({ status: 2, stdout: '' })
  expect(run.stderr).toContain('There is no benchmark named unheard-of')
})
