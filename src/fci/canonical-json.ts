/** What JSON can hold, with numbers finite (RFC 7493 2.2). */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue | undefined }

/** Whether a value is an object whose members may be looked at. */
export function isJsonObject(value: unknown): value is { readonly [member: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The text of RFC 8785: members sorted by UTF-16 code units, no blanks, numbers as ECMAScript prints them.
 * Members that are undefined are left out.
 */
export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new RangeError(`canonical JSON has no form for ${value}`)
    }
    return JSON.stringify(value)
  }
  if (isJsonList(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members: string[] = []
  for (const name of Object.keys(value).sort()) {
    const member = value[name]
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${canonicalJson(member)}`)
  }
  return `{${members.join(',')}}`
}

/** Whether a value is an array; unlike `Array.isArray` it does not let `any` in. */
export function isJsonList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

/**
 * A copy of `value` if it is JSON no deeper than `maxDepth`, otherwise undefined. Ends on cyclic objects too.
 */
export function toJsonValue(value: unknown, maxDepth: number): JsonValue | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (maxDepth === 0) return undefined
  if (isJsonList(value)) {
    const items: JsonValue[] = []
    for (const item of value) {
      const copy = toJsonValue(item, maxDepth - 1)
      if (copy === undefined) return undefined
      items.push(copy)
    }
    return items
  }
  if (!isJsonObject(value)) return undefined
  const members: [string, JsonValue][] = []
  for (const [name, member] of Object.entries(value)) {
    const copy = toJsonValue(member, maxDepth - 1)
    if (copy === undefined) return undefined
    members.push([name, copy])
  }
  return Object.fromEntries(members)
}
