/** A set of clauses, one bit each. */
export type ClauseBits = Uint32Array

export function allClauses(count: number): ClauseBits {
  const bits = new Uint32Array(Math.ceil(count / 32))
  for (let i = 0; i < count; i++) addClause(bits, i)
  return bits
}

export function addClause(bits: ClauseBits, clause: number): void {
  bits[clause >>> 5] = (bits[clause >>> 5] ?? 0) | (1 << (clause & 31))
}

export function removeClause(bits: ClauseBits, clause: number): void {
  bits[clause >>> 5] = (bits[clause >>> 5] ?? 0) & ~(1 << (clause & 31))
}

export function commonClauses(a: ClauseBits, b: ClauseBits): ClauseBits {
  const common = new Uint32Array(a.length)
  for (let word = 0; word < a.length; word++) common[word] = (a[word] ?? 0) & (b[word] ?? 0)
  return common
}
