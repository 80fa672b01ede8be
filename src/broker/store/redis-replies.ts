import { z } from 'zod'
import { type StoredEvent, type StoredRecord, StoreError } from './store.ts'

const CommitReplySchema = z.union([
  z.tuple([z.literal('ok')], z.int()),
  z.tuple([z.literal('conflict'), z.int(), z.int()]),
  z.tuple([z.literal('fenced')]),
  z.tuple([z.literal('corrupt'), z.int()]),
])

/** What became of a commit. Changes are counted from 1; revision 0: there is no such record. */
export type CommitReply = z.infer<typeof CommitReplySchema>

const PageSchema = z.array(z.string().nullable())

/** Checks replies of Redis. */
export class RedisReplies {
  readonly #place: string

  constructor(place: string) {
    this.#place = place
  }

  commit(reply: unknown): CommitReply {
    return this.#parse(CommitReplySchema, reply, 'a commit')
  }

  integer(reply: unknown): number {
    return this.#parse(z.int(), reply, 'a lease')
  }

  /** `id, record, id, record, ...` */
  page(reply: unknown): StoredRecord[] {
    const flat = this.#parse(PageSchema, reply, 'a list')
    const records: StoredRecord[] = []
    for (let at = 0; at < flat.length; at += 2) {
      const id = flat[at] ?? ''
      const record = this.record(id, flat[at + 1] ?? null)
      if (record === undefined) throw this.corrupt(`The record ${id} is listed, but gone`)
      records.push(record)
    }
    return records
  }

  /** `revision:value` */
  record(id: string, text: string | null): StoredRecord | undefined {
    if (text === null) return undefined
    const colon = text.indexOf(':')
    const revision = text.slice(0, colon)
    if (!/^[1-9]\d*$/.test(revision)) throw this.corrupt(`The record ${id} is damaged`)
    return { id, revision: Number(revision), value: text.slice(colon + 1) }
  }

  /** An entry of a Redis stream: its id is `sequence-0`, its one field holds the value. */
  event([id, [, value]]: readonly [id: string, fields: readonly string[]]): StoredEvent {
    const sequence = /^([1-9]\d*)-0$/.exec(id)?.[1]
    if (sequence === undefined || value === undefined) throw this.corrupt(`The event ${id} is damaged`)
    return { sequence: Number(sequence), value }
  }

  corrupt(what: string): StoreError {
    return new StoreError(
      'corrupt',
      `${what} in Redis at ${this.#place}. Something else writes under this prefix, or Redis evicts keys: its maxmemory-policy must be noeviction.`,
    )
  }

  #parse<T>(schema: z.ZodType<T>, reply: unknown, what: string): T {
    const parsed = schema.safeParse(reply)
    if (parsed.success) return parsed.data
    throw new StoreError('unavailable', `Redis at ${this.#place} answered ${what} in an unknown form.`)
  }
}
