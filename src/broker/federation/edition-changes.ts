import jsonPatch from 'fast-json-patch'
import type { JsonValue } from '../../fci/canonical-json.ts'
import { canonicalJson, isJsonObject, toJsonValue } from '../../fci/canonical-json.ts'

const MAX_DEPTH = 64

/** What leads from one text of an advertisement to another: a JSON Patch (RFC 6902) or a merge patch (RFC 7396). */
export function patchText(form: 'json' | 'merge', before: string, after: string): string {
  return form === 'json' ? jsonPatchText(before, after) : mergePatchText(before, after)
}

/** RFC 6902: what leads from one JSON document to another. */
export function jsonPatchText(before: string, after: string): string {
  const operations = jsonPatch.compare(documentOf(before), documentOf(after))
  return canonicalJson(toJsonValue(operations, MAX_DEPTH) ?? [])
}

/** RFC 7396: the members that differ; an array that differs is there whole, and `null` takes a member away. */
function mergePatchText(before: string, after: string): string {
  return canonicalJson(mergePatch(documentOf(before), documentOf(after)))
}

function mergePatch(before: JsonObject, after: JsonObject): JsonObject {
  const patch: [string, JsonValue][] = []
  for (const name of Object.keys(before)) if (after[name] === undefined) patch.push([name, null])
  for (const [name, value] of Object.entries(after)) {
    const old = before[name]
    if (value === undefined || (old !== undefined && canonicalJson(old) === canonicalJson(value))) continue
    patch.push([name, isJson(old) && isJson(value) ? mergePatch(old, value) : value])
  }
  return Object.fromEntries(patch)
}

type JsonObject = { readonly [member: string]: JsonValue | undefined }

function isJson(value: JsonValue | undefined): value is JsonObject {
  return isJsonObject(value)
}

/** Of a text that we made ourselves. */
function documentOf(text: string): JsonObject {
  const document = toJsonValue(JSON.parse(text), MAX_DEPTH)
  if (!isJson(document)) throw new TypeError('an advertisement is an object')
  return document
}
