/** Header fields that many answers share, made once: as node takes them and as they are sent. */
export interface HeaderBlock {
  /** Names and values in turn. */
  readonly list: readonly string[]
  /** Whole lines. */
  readonly lines: string
}

/** What a field's value may hold besides bytes that nobody agrees on (RFC 9110 5.5). */
const FIELD_VALUE = /^[\t\x20-\x7e]*$/

export function headerBlock(list: readonly string[]): HeaderBlock {
  return { list, lines: headerLines(list) }
}

/** What answers differ in besides their own fields: how long they hold, and on which fields of the request they depend. */
export type BlockByCaching = (cacheControl: string, vary: string | undefined) => HeaderBlock

/** Different lifetimes of answers that are known at once. */
const MAX_BLOCKS = 100

/** Makes each block once. */
export function rememberBlocks(make: BlockByCaching): BlockByCaching {
  const blocks = new Map<string, HeaderBlock>()
  // One request is mostly like the one before it, and to compare is cheaper than to look up.
  let last:
    | { readonly cacheControl: string; readonly vary: string | undefined; readonly block: HeaderBlock }
    | undefined

  return (cacheControl, vary) => {
    if (last !== undefined && last.cacheControl === cacheControl && last.vary === vary) return last.block
    const block = find(cacheControl, vary)
    last = { cacheControl, vary, block }
    return block
  }

  function find(cacheControl: string, vary: string | undefined): HeaderBlock {
    const name = vary === undefined ? cacheControl : `${cacheControl}\n${vary}`
    const known = blocks.get(name)
    if (known !== undefined) return known
    const made = make(cacheControl, vary)
    if (blocks.size >= MAX_BLOCKS) blocks.clear()
    blocks.set(name, made)
    return made
  }
}

/** Throws for a value that could end its line. */
export function headerLines(list: readonly string[]): string {
  let lines = ''
  for (let index = 0; index < list.length; index += 2) {
    const value = list[index + 1] ?? ''
    if (!FIELD_VALUE.test(value)) throw new TypeError(`the value of ${list[index]} is no field value`)
    lines += `${list[index]}: ${value}\r\n`
  }
  return lines
}
