/** Numbers pairs of whole numbers of 32 bits in the order of their first appearance, from 0. */
export class PairInterner {
  /** Two words each, side by side because they are read together. */
  #pairs: Uint32Array
  /** Slots of an open hash table: number of the pair plus one, 0 for empty. */
  #slots: Uint32Array
  #count = 0

  constructor(capacity = 256) {
    this.#pairs = new Uint32Array(capacity * 2)
    let slots = 512
    while (slots < capacity * 2) slots *= 2
    this.#slots = new Uint32Array(slots)
  }

  get count(): number {
    return this.#count
  }

  /** All pairs so far, two words each, with room behind them; another array may take its place with the next pair. */
  get pairs(): Uint32Array {
    return this.#pairs
  }

  /** The number of the pair; a new one equals the former `count`. */
  intern(first: number, second: number): number {
    const slots = this.#slots
    const pairs = this.#pairs
    const mask = slots.length - 1
    let slot = mix(first, second) & mask
    for (;;) {
      const held = slots[slot] ?? 0
      if (held === 0) break
      const at = held * 2 - 2
      if (pairs[at] === first && pairs[at + 1] === second) return held - 1
      slot = (slot + 1) & mask
    }
    return this.#add(first, second, slot)
  }

  first(number: number): number {
    return this.#pairs[number * 2] ?? 0
  }

  second(number: number): number {
    return this.#pairs[number * 2 + 1] ?? 0
  }

  #add(first: number, second: number, slot: number): number {
    const number = this.#count++
    if (number * 2 === this.#pairs.length) {
      const larger = new Uint32Array(this.#pairs.length * 2)
      larger.set(this.#pairs)
      this.#pairs = larger
    }
    this.#pairs[number * 2] = first
    this.#pairs[number * 2 + 1] = second
    this.#slots[slot] = number + 1
    if (this.#count * 2 > this.#slots.length) this.#rehash(this.#slots.length * 4)
    return number
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
