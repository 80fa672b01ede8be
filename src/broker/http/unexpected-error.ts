const URL_LIKE = /[a-z][a-z0-9+.-]*:\/\/\S+/gi
const TOKEN_LIKE = /[A-Za-z0-9_\-.+/=~%]{20,}/g

/**
 * What may be logged of an error that nobody expected. Its message is cut of everything that could be a URL or a
 * token, and its own properties (a URL parser keeps its input there) are left out.
 */
export function describeUnexpected(error: unknown): { readonly error: string; readonly at: readonly string[] } {
  if (!(error instanceof Error)) return { error: typeof error, at: [] }
  const message = error.message.replaceAll(URL_LIKE, '[url]').replaceAll(TOKEN_LIKE, '[cut]')
  const frames = (error.stack ?? '').split('\n').map((line) => line.trim())
  return { error: `${error.name}: ${message}`, at: frames.filter((line) => line.startsWith('at ')).slice(0, 8) }
}
