type Numbers = Uint32Array | Int32Array | Float64Array

/** Zeros in memory that threads share. */
export function sharedWords(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(length * Uint32Array.BYTES_PER_ELEMENT))
}

/** The same numbers in memory that threads share: what is handed over that way is not copied. */
export function shareWords(words: Uint32Array): Uint32Array {
  return isShared(words) ? words : new Uint32Array(sharedCopy(words))
}

export function shareIntegers(integers: Int32Array): Int32Array {
  return isShared(integers) ? integers : new Int32Array(sharedCopy(integers))
}

export function shareFloats(floats: Float64Array): Float64Array {
  return isShared(floats) ? floats : new Float64Array(sharedCopy(floats))
}

function isShared({ buffer }: Numbers): boolean {
  return buffer instanceof SharedArrayBuffer
}

function sharedCopy({ buffer, byteOffset, byteLength }: Numbers): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(byteLength)
  new Uint8Array(shared).set(new Uint8Array(buffer, byteOffset, byteLength))
  return shared
}
