import { z } from 'zod'

/** The track of a canary broadcast. */
export const CANARY_TRACK = 'canary'

/** More than this is no canary object of ours. */
const MAX_PAYLOAD_BYTES = 4_096

/** One canary object as a subscriber saw it. */
export interface CanaryObject {
  readonly sequence: number
  /** When the publisher made it and when it came out here, milliseconds since the epoch. */
  readonly publishedAt: number
  readonly receivedAt: number
  /** Names the publishing run, so that an old run's objects are not taken for new ones. */
  readonly run: string
}

const CanaryPayload = z.object({
  sequence: z.int().nonnegative(),
  publishedAt: z.number(),
  run: z.string().min(1).max(256),
})

/** A canary object on the wire, as JSON in one frame. */
export type CanaryPayload = z.infer<typeof CanaryPayload>

/** The canary payload in a frame, `undefined` for a foreign one. */
export function parseCanaryPayload(bytes: Uint8Array): CanaryPayload | undefined {
  if (bytes.byteLength > MAX_PAYLOAD_BYTES) return undefined
  try {
    return CanaryPayload.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data
  } catch {
    return undefined
  }
}
