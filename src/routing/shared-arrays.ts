/** The same numbers in memory that threads share: what is handed over that way is not copied. */
export function shareWords(words: Uint32Array): Uint32Array {
  return words.buffer instanceof SharedArrayBuffer ? words : new Uint32Array(sharedCopy(words))
}

export function shareFloats(floats: Float64Array): Float64Array {
  return floats.buffer instanceof SharedArrayBuffer ? floats : new Float64Array(sharedCopy(floats))
}

function sharedCopy({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(byteLength)
  new Uint8Array(shared).set(new Uint8Array(buffer, byteOffset, byteLength))
  return shared
}
