import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parseAdvertisementText } from '../src/fci/parse-advertisement.ts'
import type { BenchmarkOptions } from './benchmark-command.ts'
import { advertisementText, PREFIXES } from './fci-advertisement.ts'
import { measureExpressions } from './fci-expression.ts'
import { compareInterleaved } from './interleaved-rounds.ts'
import { median } from './statistics.ts'

/**
 * Runs per measurement, all results kept until its end, so that both sides pay for keeping them. Processor time is
 * measured, because a busy machine interrupts the longer side more often.
 */
const REPEATS = 4

/**
 * What footprints cost: `parse_ratio`, reading an advertisement of 100 000 prefixes into canonical form against
 * `JSON.parse` of the same text; `expression_ratio`, evaluations per second of an expression against the same condition
 * in TypeScript; `bytes_per_prefix`, heap that one prefix of a read advertisement takes.
 */
export async function run({ quick, signal, log }: BenchmarkOptions): Promise<Readonly<Record<string, number>>> {
  const collectGarbage = exposeGarbageCollector()
  const text = advertisementText()
  const rounds = quick ? 3 : 21
  const timed = (work: () => unknown) => async (): Promise<number> => {
    collectGarbage()
    const started = process.cpuUsage()
    keep(Array.from({ length: REPEATS }, work))
    const { user, system } = process.cpuUsage(started)
    keep(undefined)
    return (user + system) / 1000 / REPEATS
  }
  const parsing = await compareInterleaved({
    subject: timed(() => parseAdvertisementText(text)),
    baseline: timed((): unknown => JSON.parse(text)),
    rounds,
    warmupRounds: quick ? 1 : 5,
    signal,
  })
  log(
    `${PREFIXES} prefixes, ${text.length} bytes: read in ${parsing.subject.toFixed(1)} ms, JSON.parse in ` +
      `${parsing.baseline.toFixed(1)} ms; noise ${parsing.noise.toFixed(2)}`,
  )

  const evaluation = await measureExpressions(quick ? 3 : 31, signal)
  log(`expressions: ${evaluation.ratio.toFixed(2)} of the speed of TypeScript; noise ${evaluation.noise.toFixed(2)}`)

  const sizes: number[] = []
  for (let round = 0; round < (quick ? 1 : 5); round++) {
    signal.throwIfAborted()
    keep(undefined)
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    keep(parseAdvertisementText(text))
    collectGarbage()
    sizes.push((process.memoryUsage().heapUsed - before) / PREFIXES)
  }
  return { parse_ratio: parsing.ratio, expression_ratio: evaluation.ratio, bytes_per_prefix: median(sizes) }
}

let kept: unknown

/** Keeps a result alive, so that no work is optimised away. */
function keep(value: unknown): void {
  kept = value
}

/** What `keep` holds; reading it somewhere makes it count. */
export function lastKept(): unknown {
  return kept
}

function exposeGarbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('this Node offers no garbage collector to call')
  return () => {
    collect()
  }
}
