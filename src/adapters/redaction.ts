const MAX_INPUT = 2000
const MAX_OUTPUT = 200
const REDACTED = '[redacted]'

/** What looks like a token, a URL or a path to somebody who does not know the provider. */
const TOKEN_LIKE: readonly RegExp[] = [
  /[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi,
  /(?<=^|[\s"'(])\/[^\s"'<>]+/g,
  /[\w-]{8,}\.[\w-]{4,}\.[\w-]{8,}/g,
  /\beyJ[\w-]+/g,
  /(?=[A-Za-z_+/=-]*\d)[\w+/=-]{20,}/g,
  /[\w+/=-]{40,}/g,
]

/** Makes a provider's words fit for an error message: one line, at most 200 characters, no secrets. */
export type Redactor = (text: string) => string

/**
 * A redactor that removes these secrets by value, in plain, percent-encoded and JSON-escaped form, and whatever
 * looks like a URL, a path, a JWT or a long random string. It prefers losing words to leaking a token.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const known = secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .filter((secret) => secret !== '')
    .toSorted((a, b) => b.length - a.length)
  return (text) => {
    // A secret cut in half would escape the search by value, so the word at the cut goes as well.
    let clean = text.length > MAX_INPUT ? text.slice(0, MAX_INPUT).replace(/\S*$/, '') : text
    for (const secret of known) clean = clean.replaceAll(secret, REDACTED)
    for (const pattern of TOKEN_LIKE) clean = clean.replace(pattern, REDACTED)
    clean = clean.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
    return clean.length > MAX_OUTPUT ? `${clean.slice(0, MAX_OUTPUT - 3)}...` : clean
  }
}

/** The parts of a URL that may be secrets: all of it, its path segments and its query values. */
export function secretsOfUrl(url: string): readonly string[] {
  return [url, ...url.split(/[/?#&=@]/).filter((part) => part.length >= 8)]
}
