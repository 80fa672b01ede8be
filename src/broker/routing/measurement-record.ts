import { z } from 'zod'
import type { NamedState } from '../../routing/measurements/measurement-board.ts'
import type { NamedReading } from '../../routing/measurements/usage-board.ts'
import { BUCKETS } from '../../routing/measurements/value-buckets.ts'

const time = z.number().min(0).max(8.64e15)
const weight = z.number().min(0).max(1e30)
const sum = z.tuple([weight, weight]).readonly()

/** Bucket and weight in turns. */
const pairs = z
  .array(weight)
  .max(2 * BUCKETS)
  .refine((list) => list.length % 2 === 0 && list.every((value, i) => i % 2 === 1 || isBucket(value)), 'no buckets')
  .readonly()

function isBucket(value: number): boolean {
  return Number.isInteger(value) && value < BUCKETS
}

const ShardSchema = z.object({
  v: z.literal(1),
  groups: z
    .array(
      z
        .tuple([
          z.string(),
          z.object({
            at: time,
            latest: time,
            weight,
            errors: sum,
            rebuffering: sum,
            rtt: pairs,
            throughput: pairs,
          }),
        ])
        .readonly(),
    )
    .readonly(),
})

const UsageSchema = z.object({
  v: z.literal(1),
  readings: z
    .array(z.object({ provider: z.string(), name: z.string(), value: z.number().min(0), at: time }))
    .readonly(),
})

/** Undefined: it cannot be read. */
export function readShard(text: string): readonly NamedState[] | undefined {
  return ShardSchema.safeParse(parseJson(text)).data?.groups
}

export function writeShard(states: readonly NamedState[]): string {
  const groups = states.map(([key, state]): NamedState => [key, { ...state, ...roundedParts(state) }])
  return JSON.stringify({ v: 1, groups })
}

/** Undefined: it cannot be read. */
export function readUsage(text: string): readonly NamedReading[] | undefined {
  return UsageSchema.safeParse(parseJson(text)).data?.readings
}

export function writeUsage(readings: readonly NamedReading[]): string {
  return JSON.stringify({ v: 1, readings })
}

function roundedParts({ weight: all, errors, rebuffering, rtt, throughput }: NamedState[1]): Partial<NamedState[1]> {
  return {
    weight: rounded(all),
    errors: [rounded(errors[0]), rounded(errors[1])],
    rebuffering: [rounded(rebuffering[0]), rounded(rebuffering[1])],
    rtt: rtt.map(rounded),
    throughput: throughput.map(rounded),
  }
}

/** Samples are not known more exactly. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}
