import { Agent, request } from 'undici'

/** Sends requests over a few connections of its own. */
export interface ApiConnection {
  readonly request: typeof request
  close(): Promise<void>
}

/** @param maxBytes - of one answer's body; a longer one is an error. */
export function openApiConnection(maxBytes: number): ApiConnection {
  const dispatcher = new Agent({ connections: 2, maxResponseSize: maxBytes })
  return {
    request: (url, options) => request(url, { dispatcher, ...options }),
    close: () => dispatcher.destroy(),
  }
}
