import { z } from 'zod'
import { DnsSchema } from '../config/dns-schema.ts'

const Addresses = z.object({ kind: z.literal('addresses'), addresses: z.array(z.string()), ttlSeconds: z.number() })
const Alias = z.object({ kind: z.literal('alias'), host: z.string(), ttlSeconds: z.number() })
const Target = z.discriminatedUnion('kind', [Addresses, Alias])
const Answer = z.discriminatedUnion('kind', [
  Addresses,
  Alias,
  z.object({
    kind: z.literal('drawn'),
    among: z.array(z.object({ provider: z.string(), weight: z.number(), target: Target })),
  }),
  z.object({ kind: z.literal('nobody') }),
  z.object({ kind: z.literal('absent') }),
])
const Version = z.union([z.string(), z.number()])

/** Questions about one name, in columns: there may be thousands a second. */
const Asks = z.object({
  name: z.string(),
  scope: z.string().optional(),
  explain: z.boolean(),
  ids: z.array(z.number()),
  /** Addresses, one for each id. */
  clients: z.array(z.string()),
})

/** What is told alike for all of these ids. */
const Told = z.object({
  ids: z.array(z.number()),
  /** With an answer: leading bits of each client that decided. */
  sameForBits: z.array(z.number()),
  /** Neither of both: it could not be told. */
  answer: Answer.optional(),
  explanation: z.object({ texts: z.array(z.string()).optional() }).optional(),
  version: Version.optional(),
})

const Totals = z.object({
  answers: z.record(z.string(), z.number()),
  limited: z.object({ truncate: z.number(), drop: z.number() }),
  timed: z.array(z.number()),
  timedSeconds: z.number(),
})

/** What a DNS process says to the broker's. */
export const FromWorker = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({
    kind: z.literal('listening'),
    listeners: z.array(z.object({ host: z.string(), port: z.number() })),
  }),
  z.object({ kind: z.literal('failed'), message: z.string(), code: z.string().optional() }),
  z.object({ kind: z.literal('asks'), asks: z.array(Asks) }),
  z.object({ kind: z.literal('totals'), totals: Totals }),
])

/** What the broker's process says to a DNS process. */
export const ToWorker = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('start'),
    config: DnsSchema,
    /** Hexadecimal. */
    cookieSecret: z.string(),
    scopeNames: z.array(z.string()),
    /** Whether versions will be told. */
    versioned: z.boolean(),
  }),
  z.object({ kind: z.literal('told'), told: z.array(Told) }),
  /** Answers for the scope, or those without one, are no longer what they were. */
  z.object({ kind: z.literal('version'), scope: z.string().optional(), version: Version }),
  z.object({ kind: z.literal('stop') }),
])

export type FromWorker = z.infer<typeof FromWorker>
export type ToWorker = z.infer<typeof ToWorker>
export type Asks = z.infer<typeof Asks>
export type WireTarget = z.infer<typeof Target>
export type Told = z.infer<typeof Told>
