import type { Response } from 'mmdb-lib'
import { Reader } from 'mmdb-lib'
import { scanAddressText } from '../src/fci/scan-prefix.ts'
import { findInTableV4 } from '../src/routing/coverage/class-table-v4.ts'
import { findInTableV6 } from '../src/routing/coverage/class-table-v6.ts'
import { CoverageCompiler } from '../src/routing/coverage/compile-coverage.ts'
import type { CoverageMap } from '../src/routing/coverage/coverage-map.ts'
import type { CoverageParts } from '../src/routing/coverage/create-coverage-map.ts'
import { createCoverageMap } from '../src/routing/coverage/create-coverage-map.ts'
import type { GeoSource } from '../src/routing/geo-source.ts'
import type { Partition } from '../src/routing/partition.ts'
import { findWords } from '../src/routing/partition.ts'
import type { RunBenchmark } from './benchmark-command.ts'
import { seededRandom } from './fci-advertisement.ts'
import { compareInterleaved } from './interleaved-rounds.ts'
import { writeMmdb } from './routing-mmdb.ts'
import type { Traffic } from './routing-traffic.ts'
import { uniformTraffic, zipfTraffic } from './routing-traffic.ts'
import { drawColumns, loadRealGeo } from './routing-world.ts'

/** Rounds of the tables take a tenth of the time of others, so that noise weighs more: there are more of them. */
const TABLE_TIMES = 8

/** Sums are kept, so that no look-up is optimised away. */
let kept = 0

/**
 * What a look-up costs. `v4_text_ratio`: text to class against reading the text alone; `v4_table_speedup`,
 * `v6_table_speedup`: the table against a binary search over the same ranges; `mmdb_speedup`: text to class against
 * mmdb-lib reading the same facts; `growth_ratio`: text to class with many CDNs and footprints against few. Each under
 * uniform and under Zipf traffic, of which the worse counts.
 */
export const run: RunBenchmark = async ({ quick, signal, log }) => {
  const geo = await loadRealGeo()
  const parts = new CoverageCompiler().compile(inputOf(geo, 8, 25))
  const map = createCoverageMap(parts)
  log(`${map.rangeCount} ranges, ${map.classCount} classes, ${(map.byteCount / 2 ** 20).toFixed(1)} MiB`)
  const random = seededRandom(11)
  const rounds = { rounds: quick ? 3 : 15, warmupRounds: quick ? 1 : 4, signal }
  const traffics = (version: 4 | 6): readonly Traffic[] => [
    uniformTraffic(geo.table, version, random),
    zipfTraffic(geo.table, version, random),
  ]
  const v4 = traffics(4)
  const v6 = traffics(6)

  const compare = async (
    name: string,
    all: readonly Traffic[],
    subject: (traffic: Traffic) => void,
    baseline: (traffic: Traffic) => void,
    times = 1,
  ): Promise<number> => {
    let worst = 0
    for (const traffic of all) {
      const { ratio, noise, ...result } = await compareInterleaved({
        subject: timed(traffic, subject),
        baseline: timed(traffic, baseline),
        ...rounds,
        rounds: rounds.rounds * times,
      })
      log(
        `${name}, ${traffic.name}: ${result.subject.toFixed(0)} ns against ${result.baseline.toFixed(0)} ns, ` +
          `ratio ${ratio.toFixed(2)}, noise ${noise.toFixed(2)}`,
      )
      worst = Math.max(worst, ratio)
    }
    return worst
  }

  const lookUp = lookUpTexts(map)
  const text = await compare('v4 text to class', v4, lookUp, readTexts)
  const text6 = await compare('v6 text to class', v6, lookUp, readTexts)
  const table4 = await compare('v4 table', v4, lookUpTable(parts), searchRanges(parts), TABLE_TIMES)
  const table6 = await compare('v6 table', v6, lookUpTable(parts), searchRanges(parts), TABLE_TIMES)
  const reader = new Reader<Response>(writeMmdb(geo.table))
  const mmdb = await compare('v4 text to class, MMDB', v4, lookUp, ({ texts }) => {
    for (const one of texts) if (reader.get(one) !== null) kept++
  })
  const growth = await measureGrowth(geo, v4, compare)
  return {
    v4_text_ratio: text,
    v6_text_ratio: text6,
    v4_table_speedup: 1 / table4,
    v6_table_speedup: 1 / table6,
    mmdb_speedup: 1 / mmdb,
    growth_ratio: growth,
  }
}

function inputOf(
  geo: GeoSource,
  cdns: number,
  footprints: number,
  size: 'wide' | 'narrow' = 'wide',
): Parameters<CoverageCompiler['compile']>[0] {
  return {
    columns: drawColumns(geo, cdns, footprints, { size }),
    geo: { general: geo.table, sources: new Map() },
    geoVersion: '1',
  }
}

/**
 * From 1 to 64 CDNs of 8 footprints of all types, and from 10 such footprints to 10 000. Ten thousand are drawn narrow:
 * as wide ones they would overlap in more ways than there are addresses to tell them apart.
 */
async function measureGrowth(
  geo: GeoSource,
  traffics: readonly Traffic[],
  compare: (
    name: string,
    traffics: readonly Traffic[],
    subject: (traffic: Traffic) => void,
    baseline: (traffic: Traffic) => void,
  ) => Promise<number>,
): Promise<number> {
  const mapOf = (cdns: number, footprints: number, size: 'wide' | 'narrow'): CoverageMap => {
    const parts = new CoverageCompiler().compile(inputOf(geo, cdns, footprints, size))
    if (parts.skipped.length > 0) throw new Error(`${parts.skipped.length} CDNs have too many footprints`)
    return createCoverageMap(parts)
  }
  const cdns = await compare('64 CDNs', traffics, lookUpTexts(mapOf(64, 8, 'wide')), lookUpTexts(mapOf(1, 8, 'wide')))
  const footprints = await compare(
    '10 000 footprints',
    traffics,
    lookUpTexts(mapOf(10, 1000, 'narrow')),
    lookUpTexts(mapOf(1, 10, 'wide')),
  )
  return Math.max(cdns, footprints)
}

/** Nanoseconds per look-up. */
function timed(traffic: Traffic, work: (traffic: Traffic) => void): () => Promise<number> {
  return () => {
    const started = performance.now()
    work(traffic)
    return Promise.resolve(((performance.now() - started) * 1e6) / traffic.texts.length)
  }
}

function lookUpTexts(map: CoverageMap): (traffic: Traffic) => void {
  return ({ texts }) => {
    let sum = 0
    for (let i = 0; i < texts.length; i++) sum += map.classOfText(texts[i] ?? '')
    kept += sum
  }
}

const words = new Uint32Array(4)

function readTexts({ texts }: Traffic): void {
  let sum = 0
  for (let i = 0; i < texts.length; i++) sum += scanAddressText(texts[i] ?? '', words)
  kept += sum
}

function lookUpTable({ tables }: CoverageParts): (traffic: Traffic) => void {
  return ({ version, addresses }) => {
    let sum = 0
    if (version === 4) for (let i = 0; i < addresses.length; i++) sum += findInTableV4(tables.v4, addresses[i] ?? 0)
    else {
      for (let at = 0; at < addresses.length; at += 4) {
        copyAddress(addresses, at)
        sum += findInTableV6(tables.v6, words)
      }
    }
    kept += sum
  }
}

function searchRanges({ joined }: CoverageParts): (traffic: Traffic) => void {
  return ({ version, addresses }) => {
    const partition: Partition = version === 4 ? joined.v4 : joined.v6
    const step = version === 4 ? 1 : 4
    let sum = 0
    for (let at = 0; at < addresses.length; at += step) {
      if (step === 1) words[0] = addresses[at] ?? 0
      else copyAddress(addresses, at)
      sum += partition.labels[findWords(partition, words)] ?? 0
    }
    kept += sum
  }
}

function copyAddress(addresses: Uint32Array, at: number): void {
  words[0] = addresses[at] ?? 0
  words[1] = addresses[at + 1] ?? 0
  words[2] = addresses[at + 2] ?? 0
  words[3] = addresses[at + 3] ?? 0
}
