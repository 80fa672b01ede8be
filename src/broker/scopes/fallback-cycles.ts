import { z } from 'zod'
import type { Store } from '../store/store.ts'
import { tokenIndexId } from './record-changes.ts'
import { decodeRecord, readScope } from './scope-store.ts'
import type { Vault } from './vault.ts'

/** Finds loops of fallbacks over all scopes of this broker (the draft has no rule against them). */
export interface FallbackCycles {
  /** Why `origin` must not become the origin of scope `id`, in words, or `undefined` if it may. */
  find(id: string, origin: string): Promise<string | undefined>
}

const MAX_DEPTH = 16
const TokenOwnerSchema = z.object({ scope: z.string(), provider: z.string() })

export function createFallbackCycles(store: Store, vault: Vault): FallbackCycles {
  /** The scope of ours that a URL connects to: its token stands in the path's last segment or in `jwt`. */
  async function ownerOf(url: string): Promise<string | undefined> {
    for (const token of tokensIn(url)) {
      const id = tokenIndexId(vault, token)
      const record = await store.get('meta', id)
      if (record !== undefined) return decodeRecord(TokenOwnerSchema, 'meta', id, record.value).scope
    }
    return undefined
  }

  return {
    async find(id, origin) {
      let url: string | undefined = origin
      const path: string[] = [id]
      for (let depth = 0; url !== undefined && depth < MAX_DEPTH; depth += 1) {
        const owner: string | undefined = await ownerOf(url)
        if (owner === undefined) return undefined
        path.push(owner)
        if (owner === id) return `it would make a loop of fallbacks: ${path.join(' -> ')}`
        const next = await readScope(store, owner)
        url = next?.value.origin === undefined ? undefined : await vault.open(next.value.origin.ref)
      }
      return url === undefined ? undefined : `it would make a chain of more than ${MAX_DEPTH} fallbacks`
    },
  }
}

function tokensIn(url: string): string[] {
  if (!URL.canParse(url)) return []
  const parsed = new URL(url)
  const last = parsed.pathname
    .split('/')
    .filter((segment) => segment !== '')
    .pop()
  const query = parsed.searchParams.get('jwt')
  return [...(last === undefined ? [] : [last, safeDecode(last)]), ...(query === null ? [] : [query])]
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
