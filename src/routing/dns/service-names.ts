import type { AnswerSource } from './answer-source.ts'
import { HEADER_BYTES } from './dns-numbers.ts'
import { byteAt, lowerCase } from './dns-query.ts'

/** A name whose answers are kept. */
export interface ServiceName {
  /** From 1; a name that was forgotten and comes back has another one. */
  readonly id: number
  readonly scope: string | undefined
  readonly apex: boolean
  /** Lower case, without the last dot. */
  readonly name: string
  /** The labels before the zone's in wire form, in lower case. */
  readonly wire: Uint8Array
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
  /** By the hash of their labels; of names with one hash the latest. */
  readonly #byHash = new Map<number, ServiceName>()
  readonly #absentUntil = new Map<string, number>()
  #nextId = 1

  constructor(source: Pick<AnswerSource, 'version'>) {
    this.#source = source
  }

  /**
   * The name of a question, without making a text of it; undefined: look for its labels.
   *
   * @param bytes - of the labels before the zone's name; negative: outside the zone.
   */
  findAsked(message: Uint8Array, bytes: number, now: number): ServiceName | undefined {
    const known = this.#byHash.get(hashOf(message, HEADER_BYTES, HEADER_BYTES + bytes))
    return known !== undefined && isNamed(message, bytes, known.wire) ? this.#renewed(known, now) : undefined
  }

  /** @param labels - what stands before the zone's name. */
  find(labels: string, now: number): ServiceName | undefined {
    const known = this.#known.get(labels)
    return known === undefined ? undefined : this.#renewed(known, now)
  }

  add(labels: string, name: Pick<ServiceName, 'scope' | 'apex' | 'name'>, now: number): ServiceName {
    if (this.#known.size >= MAX_NAMES) {
      this.#known.clear()
      this.#byHash.clear()
    }
    this.#absentUntil.delete(labels)
    const version = this.#source.version(name.scope)
    const wire = wireLabels(labels)
    const added: ServiceName = { ...name, wire, id: this.#nextId, epoch: 1, version, checkedAt: now }
    // Ids take 31 bits of a table's key.
    this.#nextId = this.#nextId >= 0x7fff_ffff ? 1 : this.#nextId + 1
    this.#known.set(labels, added)
    this.#byHash.set(hashOf(wire, 0, wire.length), added)
    return added
  }

  isAbsent(labels: string, now: number): boolean {
    return this.#absentUntil.size > 0 && (this.#absentUntil.get(labels) ?? 0) > now
  }

  noteAbsent(labels: string, now: number): void {
    if (this.#absentUntil.size >= MAX_ABSENT) this.#absentUntil.clear()
    this.#absentUntil.set(labels, now + ABSENT_MS)
    const known = this.#known.get(labels)
    if (known === undefined) return
    this.#known.delete(labels)
    const hash = hashOf(known.wire, 0, known.wire.length)
    if (this.#byHash.get(hash) === known) this.#byHash.delete(hash)
  }

  /** Once per millisecond: a busy name is asked for a hundred times in it. */
  #renewed(name: ServiceName, now: number): ServiceName {
    if (name.checkedAt === now) return name
    name.checkedAt = now
    const version = this.#source.version(name.scope)
    if (version === name.version) return name
    name.version = version
    name.epoch++
    return name
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ lowerCase(byteAt(bytes, at)), 0x01000193)
  return hash
}

function isNamed(message: Uint8Array, bytes: number, wire: Uint8Array): boolean {
  if (bytes !== wire.length) return false
  for (let i = 0; i < bytes; i++) {
    if (lowerCase(byteAt(message, HEADER_BYTES + i)) !== wire[i]) return false
  }
  return true
}

/** Labels that came from a message, so that none is empty or too long. */
function wireLabels(labels: string): Uint8Array {
  if (labels === '') return new Uint8Array(0)
  return Buffer.concat(labels.split('.').map((label) => Buffer.from(`\0${label}`, 'latin1').fill(label.length, 0, 1)))
}
