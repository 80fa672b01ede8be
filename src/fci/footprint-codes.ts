/** The highest AS number (RFC 8006 4.3.7). */
export const ASN_LIMIT = 4_294_967_295

const COUNTRY = /^[a-z]{2}$/
const SUBDIVISION = /^[a-z]{2}-[a-z0-9]{1,3}$/

/** Whether a text has the form of RFC 8006 4.3.8. */
export function isCountryCode(text: string): boolean {
  return COUNTRY.test(text)
}

/** Whether a text has the form of RFC 9388 2.1.1. */
export function isSubdivisionCode(text: string): boolean {
  return SUBDIVISION.test(text)
}
