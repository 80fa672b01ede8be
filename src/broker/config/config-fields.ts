import { z } from 'zod'

export const milliseconds = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max)
export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an absolute http:// or https:// URL' })
/** `env:NAME` or `file:/path`. */
export const secret = z.string().min(1)
/** `https://host` or `https://host:port`, as `URL.origin` prints it. */
export const origin = httpUrl.transform((text) => new URL(text).origin)
