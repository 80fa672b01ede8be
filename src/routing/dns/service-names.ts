import type { AnswerSource } from './answer-source.ts'

/** A name whose answers are kept. */
export interface ServiceName {
  /** From 1; a name that was forgotten and comes back has another one. */
  readonly id: number
  readonly scope: string | undefined
  readonly apex: boolean
  /** Lower case, without the last dot. */
  readonly name: string
  /** Counts what the source's version told; answers of an older epoch may be wrong now. */
  epoch: number
  version: string | number | undefined
  /** When the version was last looked at, in milliseconds. */
  checkedAt: number
}

const MAX_NAMES = 65_536
const MAX_ABSENT = 10_000
const ABSENT_MS = 2_000

/** The names asked for, in bounded memory, apart from those that do not exist, which anybody can make up. */
export class ServiceNames {
  readonly #source: Pick<AnswerSource, 'version'>
  readonly #known = new Map<string, ServiceName>()
  readonly #absentUntil = new Map<string, number>()
  #nextId = 1

  constructor(source: Pick<AnswerSource, 'version'>) {
    this.#source = source
  }

  /** @param labels - what stands before the zone's name. */
  find(labels: string, now: number): ServiceName | undefined {
    const known = this.#known.get(labels)
    if (known !== undefined && known.checkedAt !== now) this.#renew(known, now)
    return known
  }

  add(labels: string, name: Pick<ServiceName, 'scope' | 'apex' | 'name'>, now: number): ServiceName {
    if (this.#known.size >= MAX_NAMES) this.#known.clear()
    this.#absentUntil.delete(labels)
    const version = this.#source.version(name.scope)
    const added: ServiceName = { ...name, id: this.#nextId, epoch: 1, version, checkedAt: now }
    // Ids take 31 bits of a table's key.
    this.#nextId = this.#nextId >= 0x7fff_ffff ? 1 : this.#nextId + 1
    this.#known.set(labels, added)
    return added
  }

  isAbsent(labels: string, now: number): boolean {
    return this.#absentUntil.size > 0 && (this.#absentUntil.get(labels) ?? 0) > now
  }

  noteAbsent(labels: string, now: number): void {
    if (this.#absentUntil.size >= MAX_ABSENT) this.#absentUntil.clear()
    this.#absentUntil.set(labels, now + ABSENT_MS)
    this.#known.delete(labels)
  }

  /** Once per millisecond: a busy name is asked for a hundred times in it. */
  #renew(name: ServiceName, now: number): void {
    name.checkedAt = now
    const version = this.#source.version(name.scope)
    if (version === name.version) return
    name.version = version
    name.epoch++
  }
}
