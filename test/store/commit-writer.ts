import { z } from 'zod'
import { openStore, type StoreOptions } from '../../src/broker/store/open-store.ts'

// A program for crash tests: commits until it is killed and says after each commit that it was acknowledged.
// Arguments: the store's options as JSON, the first number to write.

const LANES = 8

const Options: z.ZodType<StoreOptions> = z.union([
  z.object({ kind: z.literal('embedded'), path: z.string() }),
  z.object({ kind: z.literal('redis'), url: z.string(), prefix: z.string() }),
  z.object({
    kind: z.literal('redis'),
    clusterNodes: z.array(z.object({ host: z.string(), port: z.number() })),
    prefix: z.string(),
  }),
])
const [options, first] = [Options.parse(JSON.parse(process.argv[2] ?? '')), Number(process.argv[3])]

const store = await openStore(options, { now: () => Date.now(), log: { warn: () => {} } })
let next = first

async function lane(): Promise<never> {
  for (;;) {
    const number = next
    next += 1
    const id = `n-${number}`
    await store.commit([
      { kind: 'put', collection: 'scopes', id, value: String(number), expect: 'absent' },
      { kind: 'event', stream: 'numbers', value: String(number) },
      { kind: 'put', collection: 'operations', id, value: String(number), expect: 'absent' },
    ])
    process.stdout.write(`${number}\n`)
  }
}

await Promise.all(Array.from({ length: LANES }, lane))
