import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Advertisement } from '../src/fci/advertisement.ts'
import { parseAdvertisementText } from '../src/fci/parse-advertisement.ts'
import type { BenchmarkOptions } from './benchmark-command.ts'
import { advertisementText, PREFIXES } from './fci-advertisement.ts'
import { measureLargeBlocks } from './fci-block.ts'
import { measureExpressions } from './fci-expression.ts'
import { compareInterleaved } from './interleaved-rounds.ts'
import { median } from './statistics.ts'

/** Runs per measurement, so that each side collects its own garbage and not the other's. */
const REPEATS = 5

/**
 * What footprints cost: `parse_ratio`, reading an advertisement of 100 000 prefixes into canonical form against
 * `JSON.parse` of the same text; `expression_ratio`, evaluations per second of an expression against the same condition
 * in TypeScript; `bytes_per_prefix`, heap that one prefix of a read advertisement takes; `large_block_ms`, the longest
 * that the main thread of the built broker is held up when such an advertisement changes.
 */
export async function run({ quick, signal, log }: BenchmarkOptions): Promise<Readonly<Record<string, number>>> {
  const text = advertisementText()
  const rounds = quick ? 3 : 21
  const timed = (work: () => unknown) => async (): Promise<number> => {
    const started = performance.now()
    for (let i = 0; i < REPEATS; i++) keep(work())
    return (performance.now() - started) / REPEATS
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
    sizes.push(heapOf(() => parseAdvertisementText(text)) / countPrefixes(parseAdvertisementText(text)))
  }

  const blocks = await measureLargeBlocks(quick ? 1 : 7, signal)
  log(`a changed advertisement holds the event loop up for ${blocks.map((ms) => ms.toFixed(1)).join(', ')} ms`)
  return {
    parse_ratio: parsing.ratio,
    expression_ratio: evaluation.ratio,
    bytes_per_prefix: median(sizes),
    large_block_ms: median(blocks),
  }
}

/** Those inside another one are dropped. */
function countPrefixes({ capabilities }: Advertisement): number {
  const [footprint] = capabilities.map((capability) => capability.footprint)
  return footprint?.kind === 'some' ? footprint.anyOf.reduce((sum, { prefixes = [] }) => sum + prefixes.length, 0) : 0
}

const kept: unknown[] = []

/** Keeps the last result alive, so that no work is optimised away. */
function keep(value: unknown): void {
  kept[0] = value
}

/** Bytes of heap that a result takes. */
function heapOf(work: () => unknown): number {
  const collectGarbage = exposeGarbageCollector()
  keep(undefined)
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  keep(work())
  collectGarbage()
  return process.memoryUsage().heapUsed - before
}

function exposeGarbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('this Node offers no garbage collector to call')
  return () => {
    Reflect.apply(collect, undefined, [])
  }
}
