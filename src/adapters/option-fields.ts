import { z } from 'zod'

/** Absolute http(s) URL of a provider's API, without credentials, query or fragment; a trailing slash is removed. */
export const apiUrlOption = z.string().transform((value, context) => {
  const parsed = URL.canParse(value) ? new URL(value) : undefined
  const plain = parsed !== undefined && /^https?:$/.test(parsed.protocol) && !/[?#]/.test(value)
  if (plain && parsed.username === '' && parsed.password === '') return value.replace(/\/$/, '')
  context.addIssue({
    code: 'custom',
    message: 'must be an absolute http or https URL without credentials, query or fragment',
  })
  return z.NEVER
})

/** A secret that goes into a header: printable ASCII without spaces, so neither blank nor able to break the header. */
export const headerSecretOption = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be non-empty printable ASCII without spaces or line breaks')

/** URL schemes without the colon, as in `upstreamSchemes` of the capability record. */
export const schemesOption = z.array(z.string().regex(/^[a-z][a-z0-9+.-]*$/, 'must be a URL scheme without ":"')).min(1)

/** MoQT draft numbers, such as `16`, as in `moqtDrafts` of the capability record. */
export const moqtDraftsOption = z.array(z.string().min(1))
