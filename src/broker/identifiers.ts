/** Source of ids that sort by time of creation. */
export type NewId = () => string

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * 20 characters of Crockford base 32, lower case: 9 of time (milliseconds), 11 of chance (55 bits). Two ids of one
 * source made in the same millisecond still sort in the order of their making.
 */
export function createIdSource(now: () => number, randomBytes: (size: number) => Uint8Array): NewId {
  let lastTime = -1
  let lastChance: number[] = []
  return () => {
    const time = Math.max(now(), lastTime)
    if (time === lastTime) {
      increment(lastChance)
    } else {
      lastTime = time
      lastChance = [...randomBytes(11)].map((byte) => byte & 31)
    }
    let head = ''
    let rest = time
    for (let index = 0; index < 9; index += 1) {
      head = (ALPHABET[rest % 32] ?? '') + head
      rest = Math.floor(rest / 32)
    }
    return head + lastChance.map((digit) => ALPHABET[digit] ?? '').join('')
  }
}

function increment(digits: number[]): void {
  for (let index = digits.length - 1; index >= 0; index -= 1) {
    const digit = digits[index] ?? 0
    if (digit < 31) {
      digits[index] = digit + 1
      return
    }
    digits[index] = 0
  }
}
