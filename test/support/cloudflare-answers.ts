import { expect } from 'vitest'
import { z } from 'zod'
import { ACCOUNT_ID, type TestCdn } from './lab-cdn.ts'

/** Path of the relays of the test account, below `apiUrl`. */
export const RELAYS = `/accounts/${ACCOUNT_ID}/moq/relays`

/** RFC 3339 with microseconds, as the lab's cloudflare kind writes times. */
export const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

const tokenSchema = z.object({ jti: z.string(), operations: z.array(z.string()), secret: z.string().optional() })

export const collectionSchema = z.object({
  issuers: z.array(z.looseObject({ type: z.string(), cloudflare_tokens: z.array(tokenSchema).optional() })),
})

export const relaySchema = z.object({ uid: z.string(), name: z.string(), created: z.string() })

/** Creates a relay and returns its id. */
export async function createRelay(cdn: TestCdn, name = 'a relay'): Promise<string> {
  return resultOf((await cdn.call('POST', RELAYS, { name })).json, relaySchema).uid
}

/** The `result` of a successful envelope. */
export function resultOf<T>(json: unknown, schema: z.ZodType<T>): T {
  return z.object({ success: z.literal(true), result: schema }).parse(json).result
}

/** The tokens of the issuer that clients know. */
export function tokensOf(json: unknown): readonly z.infer<typeof tokenSchema>[] {
  const { issuers } = resultOf(json, collectionSchema)
  return issuers.find(({ type }) => type === 'cloudflare_jwt')?.cloudflare_tokens ?? []
}

/** The envelope of a failure, for `toEqual` and its kin. */
export function failureWith(code: number): object {
  return { success: false, errors: [{ code, message: expect.any(String) }], messages: [], result: null }
}
