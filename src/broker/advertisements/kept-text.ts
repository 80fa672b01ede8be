import { promisify } from 'node:util'
import { constants, gunzip, gzip } from 'node:zlib'
import { z } from 'zod'
import { StoreError } from '../store/store.ts'

/** A document in a record: as it is, or where it is large packed, which the store then has less work with. */
export const keptTextFields = {
  text: z.string().optional(),
  /** Base64 of the gzip of the text in UTF-8. */
  gzip: z.string().optional(),
}

type KeptText = { readonly text?: string | undefined; readonly gzip?: string | undefined }

/** Shorter texts are kept as they are, for whoever looks into the store. */
const MIN_PACKED = 65_536
/** Above everything that was ever let in. */
const MAX_BYTES = 400_000_000

const pack = promisify<string, { level: number }, Buffer>(gzip)
const unpack = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(gunzip)

/** Packs beside the event loop. */
export async function keepText(text: string): Promise<KeptText> {
  if (text.length < MIN_PACKED) return { text }
  const packed = await pack(text, { level: constants.Z_BEST_SPEED })
  return { gzip: packed.toString('base64') }
}

/** Throws `StoreError` for what `keepText` has not made. */
export async function textOfKept({ text, gzip: packed }: KeptText, id: string): Promise<string> {
  if (text !== undefined) return text
  try {
    const bytes = await unpack(Buffer.from(packed ?? '', 'base64'), { maxOutputLength: MAX_BYTES })
    return bytes.toString('utf8')
  } catch (cause) {
    throw new StoreError('corrupt', `${id} holds no document that can be read`, { cause })
  }
}
