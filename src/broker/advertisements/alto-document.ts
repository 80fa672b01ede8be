import jsonPatch from 'fast-json-patch'
import { z } from 'zod'
import { isJsonObject } from '../../fci/canonical-json.ts'
import { parseJsonText } from '../../fci/json-text.ts'

/** A change that cannot be applied; the document must be fetched anew. */
export class AltoPatchError extends Error {
  override readonly name = 'AltoPatchError'
}

export interface AltoVersion {
  readonly resourceId?: string
  readonly tag?: string
}

const MAX_DEPTH = 64
const MAX_OPERATIONS = 10_000

const pointer = z.string().regex(/^(\/[^~/]*(~[01][^~/]*)*)*$/)
const OperationSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('add'), path: pointer, value: z.unknown() }),
  z.object({ op: z.literal('replace'), path: pointer, value: z.unknown() }),
  z.object({ op: z.literal('test'), path: pointer, value: z.unknown() }),
  z.object({ op: z.literal('remove'), path: pointer }),
  z.object({ op: z.literal('move'), path: pointer, from: pointer }),
  z.object({ op: z.literal('copy'), path: pointer, from: pointer }),
])
const PatchSchema = z.array(OperationSchema).max(MAX_OPERATIONS)

const VtagSchema = z.object({
  meta: z.object({
    vtag: z.object({
      'resource-id': z.string().optional().catch(undefined),
      tag: z.string().optional().catch(undefined),
    }),
  }),
})

/** The version tag of a document (RFC 7285 10.3); members are absent where it has none. */
export function versionOfAlto(document: unknown): AltoVersion {
  const parsed = VtagSchema.safeParse(document)
  if (!parsed.success) return {}
  const { 'resource-id': resourceId, tag } = parsed.data.meta.vtag
  return { ...(resourceId === undefined ? {} : { resourceId }), ...(tag === undefined ? {} : { tag }) }
}

/** Reads I-JSON. Throws AdvertisementError. */
export function readAltoJson(text: string, maxLength: number): unknown {
  return parseJsonText(text, { maxLength, maxDepth: MAX_DEPTH })
}

/** RFC 7396. `target` stays as it is. Ends for all input, since that is no deeper than `readAltoJson` lets through. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch
  const merged = new Map(Object.entries(isJsonObject(target) ? target : {}))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, applyMergePatch(merged.get(name), value))
  }
  return Object.fromEntries(merged)
}

/**
 * RFC 6902. `target` stays as it is. Throws AltoPatchError if one operation fails, or if copies would make the document
 * longer than `maxLength` characters.
 */
export function applyJsonPatch(target: unknown, patch: unknown, maxLength: number): unknown {
  const parsed = PatchSchema.safeParse(patch)
  if (!parsed.success) throw new AltoPatchError('it is no JSON patch')
  let document: unknown = structuredClone(target)
  let copied = 0
  for (const [index, operation] of parsed.data.entries()) {
    try {
      if (operation.op === 'copy') {
        const source: unknown = jsonPatch.getValueByPointer(document, operation.from)
        copied += (JSON.stringify(source) ?? '').length
        if (copied > maxLength) throw new AltoPatchError('its copies grow beyond fci.max_bytes')
      }
      // RFC 6902 4.4. The library makes a cycle of it.
      if (operation.op === 'move' && operation.path.startsWith(`${operation.from}/`)) {
        throw new AltoPatchError(`its operation ${index} moves something into itself`)
      }
      document = jsonPatch.applyOperation(document, operation, true, true, true, index).newDocument
    } catch (error) {
      if (error instanceof AltoPatchError) throw error
      throw new AltoPatchError(`its operation ${index} (${operation.op}) cannot be applied`)
    }
  }
  if (document === undefined) throw new AltoPatchError('it leaves no document')
  return document
}
