/**
 * Weighted rendezvous hashing: the draw of one provider for one key. The lowest draw comes first. Each draw depends on
 * nothing but key, id and weight, so a changed weight, an added or a removed provider moves only its own share of keys.
 * A weight of 0 draws last, beyond every positive weight.
 */
export function drawProvider(key: string, provider: string, weight: number): number {
  return drawFrom(hashText(START, `${key}\u0000`), provider, weight)
}

/** The draws of several providers for one key, in their order: the key is hashed once. */
export function drawProviders(
  key: string,
  contenders: readonly { readonly provider: { readonly id: string }; readonly weight: number }[],
): readonly number[] {
  const started = hashText(START, `${key}\u0000`)
  return contenders.map(({ provider, weight }) => drawFrom(started, provider.id, weight))
}

function drawFrom(started: HashState, provider: string, weight: number): number {
  return weight > 0 ? -Math.log(finish(hashText(started, provider))) / weight : Number.POSITIVE_INFINITY
}

/** A well-mixed hash of the text, in the open interval (0, 1), of 52 bits: equal on every machine. */
export function hashToUnit(text: string): number {
  return finish(hashText(START, text))
}

interface HashState {
  readonly a: number
  readonly b: number
}

const START: HashState = { a: 0xdeadbeef, b: 0x41c6ce57 }

function hashText(from: HashState, text: string): HashState {
  let { a, b } = from
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  return { a, b }
}

function finish(state: HashState): number {
  let { a, b } = state
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  const high = b >>> 0
  const low = a >>> 12
  return (high * 1048576 + low + 0.5) / 4503599627370496
}
