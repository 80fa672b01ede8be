import { createReadStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { plainPolicy } from '../../routing/policy.ts'
import { compilePolicy } from '../../routing/policy-file/compile-policy.ts'
import { lintPolicy } from '../../routing/policy-file/lint-policy.ts'
import { createTrafficComparison, type TrafficEffect } from '../../routing/replay/compare-traffic.ts'
import { type DecisionRecord, DecisionRecordSchema } from '../../routing/replay/record-schema.ts'
import { isRecorded, replay } from '../../routing/replay/replay.ts'
import { readPolicyText } from '../routing/policy-text.ts'
import { CliFailure } from './cli-failure.ts'
import { EXIT } from './exit-codes.ts'

/** A log of years is replayed from its first lines. */
const MAX_RECORDS = 1_000_000

/** The document in a YAML or JSON file. Throws `CliFailure`. */
export function readPolicyFile(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw unreadable(path, cause)
  }
  const read = readPolicyText(text)
  if ('fault' in read) throw new CliFailure(`${path}: ${read.fault}`, { exitCode: EXIT.usage })
  return read.value
}

export interface ReplayedLog extends TrafficEffect {
  /** Decisions that their own record does not reproduce. */
  readonly different: number
  /** Lines that are no record. */
  readonly unreadable: number
}

/** Replays a decision log under a policy document. Throws `CliFailure`. */
export async function replayLog(path: string, document: unknown, now: number): Promise<ReplayedLog> {
  const records: DecisionRecord[] = []
  let unreadableLines = 0
  try {
    for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
      if (line === '' || records.length >= MAX_RECORDS) continue
      const record = readRecord(line)
      if (record === undefined) unreadableLines++
      else records.push(record)
    }
  } catch (cause) {
    throw unreadable(path, cause)
  }
  const [first] = records
  if (first === undefined) throw new CliFailure(`${path} holds no decision`, { exitCode: EXIT.usage })
  const weights = new Map(
    records.flatMap(({ providers }) => providers.map(({ id, weight }) => [id, { weight }] as const)),
  )
  const { document: checked, findings } = lintPolicy(document, { providers: weights, now })
  if (checked === undefined) {
    const lines = findings.map(({ severity, pointer, message }) => `${severity} at ${pointer}: ${message}`)
    throw new CliFailure('The policy file is not valid', { exitCode: EXIT.usage, lines })
  }
  const { ttlSeconds, degradedTtlSeconds, requireMoqCapability } = first.policy
  const policy = compilePolicy(checked, plainPolicy({ ttlSeconds, degradedTtlSeconds, requireMoqCapability }), 'file')
  const comparison = createTrafficComparison(policy)
  let different = 0
  for (const record of records) {
    comparison.add(record)
    if (!isRecorded(record, replay(record))) different++
  }
  const effect = comparison.result() ?? { decisions: 0, moved: 0, providers: [] }
  return { ...effect, different, unreadable: unreadableLines }
}

function readRecord(line: string): DecisionRecord | undefined {
  try {
    return DecisionRecordSchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

function unreadable(path: string, cause: unknown): CliFailure {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
  return new CliFailure(`${path} cannot be read (${reason})`, { exitCode: EXIT.usage, cause })
}
