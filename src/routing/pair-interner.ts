/** Numbers pairs of whole numbers of 32 bits in the order of their first appearance, from 0. */
export class PairInterner {
  #firsts: Uint32Array
  #seconds: Uint32Array
  /** Slots of an open hash table: number of the pair plus one, 0 for empty. */
  #slots: Uint32Array
  #count = 0

  constructor(capacity = 256) {
    this.#firsts = new Uint32Array(capacity)
    this.#seconds = new Uint32Array(capacity)
    let slots = 512
    while (slots < capacity * 2) slots *= 2
    this.#slots = new Uint32Array(slots)
  }

  get count(): number {
    return this.#count
  }

  /** The number of the pair; a new one equals the former `count`. */
  intern(first: number, second: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = mix(first, second) & mask
    for (;;) {
      const held = slots[slot] ?? 0
      if (held === 0) break
      if (this.#firsts[held - 1] === first && this.#seconds[held - 1] === second) return held - 1
      slot = (slot + 1) & mask
    }
    const number = this.#count++
    if (number === this.#firsts.length) {
      this.#firsts = doubled(this.#firsts)
      this.#seconds = doubled(this.#seconds)
    }
    this.#firsts[number] = first
    this.#seconds[number] = second
    slots[slot] = number + 1
    if (this.#count * 2 > slots.length) this.#rehash(slots.length * 2)
    return number
  }

  first(number: number): number {
    return this.#firsts[number] ?? 0
  }

  second(number: number): number {
    return this.#seconds[number] ?? 0
  }

  #rehash(size: number): void {
    const slots = new Uint32Array(size)
    const mask = size - 1
    for (let number = 0; number < this.#count; number++) {
      let slot = mix(this.first(number), this.second(number)) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = number + 1
    }
    this.#slots = slots
  }
}

function mix(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca77)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}

function doubled(array: Uint32Array): Uint32Array {
  const larger = new Uint32Array(array.length * 2)
  larger.set(array)
  return larger
}
