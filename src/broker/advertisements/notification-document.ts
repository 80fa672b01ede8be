import { AdvertisementError } from '../../fci/advertisement-error.ts'
import { isJsonList, isJsonObject } from '../../fci/canonical-json.ts'
import { parseJsonText } from '../../fci/json-text.ts'

const MAX_DEPTH = 64

/**
 * The advertisement in the body of an SVTA notification, as text. That is an array of advertisements; what several say
 * holds together (RFC 9241 3.6 treats capability objects so). Undefined for an empty array, which says nothing. A single
 * advertisement outside an array is taken as well. Throws AdvertisementError.
 */
export function readNotification(text: string, maxLength: number): string | undefined {
  const body = parseJsonText(text, { maxLength, maxDepth: MAX_DEPTH })
  if (!isJsonList(body)) return text
  const [first] = body
  if (first === undefined) return undefined
  if (body.length === 1) return JSON.stringify(first)
  const capabilities: unknown[] = []
  for (const [i, advertisement] of body.entries()) {
    const items = isJsonObject(advertisement) ? advertisement['capabilities'] : undefined
    if (!isJsonList(items)) {
      throw new AdvertisementError('not-an-advertisement', `/${i}`, 'it has no array "capabilities"')
    }
    capabilities.push(...items)
  }
  return JSON.stringify({ capabilities })
}
