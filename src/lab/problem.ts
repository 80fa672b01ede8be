import { STATUS_CODES } from 'node:http'

/** One thing wrong with a request body. */
export interface BodyFault {
  /** RFC 6901 pointer into the body, as a URI fragment. */
  readonly pointer: string
  readonly detail: string
}

/** An error answer as RFC 9457 problem details. */
export function problem(
  status: number,
  detail: string,
  more: { readonly errors?: readonly BodyFault[]; readonly headers?: Readonly<Record<string, string>> } = {},
): Response {
  const { errors, headers } = more
  const body = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, errors }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}
