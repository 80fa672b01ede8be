import { createFastAnswers } from '../../src/broker/http/fast-answers.ts'
import { createFastListener } from '../../src/broker/http/fast-listener.ts'
import { type FetchApp, type HttpServer, type ServeOptions, serveHttp } from '../../src/broker/http/server.ts'
import { FrontApi } from './front-api.ts'
import { openSocket, readToEnd } from './raw-http.ts'

export interface FrontSide {
  readonly api: FrontApi
  readonly server: HttpServer
  /** Answers that the front sent, not `node:http`. */
  readonly sent: { count: number }
}

/** A server, with the front before `node:http` or without it. */
export async function startSide(
  hasFront: boolean,
  { patienceMs = 1_000, ...options }: Partial<ServeOptions> & { readonly patienceMs?: number } = {},
  api: FrontApi = new FrontApi({ requestId: () => 'fresh' }),
  app: FetchApp = api.app,
): Promise<FrontSide> {
  const sent = { count: 0 }
  const answers = createFastAnswers(api.deps)
  const counted = {
    ...answers,
    sent: (answer: Parameters<typeof answers.sent>[0]): void => {
      sent.count += 1
      answers.sent(answer)
    },
  }
  const server = await serveHttp(app, {
    host: '127.0.0.1',
    port: 0,
    requestId: () => 'fresh',
    fast: createFastListener(answers),
    ...(hasFront ? { plain: { answers: counted, now: () => api.now, patienceMs } } : {}),
    ...options,
  })
  return { api, server, sent }
}

/** In the framework's place: tells at once what it was asked, so that no answer depends on what comes after its request. */
export const ECHO: FetchApp = {
  fetch: ({ method, url, headers }) => new Response(JSON.stringify({ method, url, headers: [...headers] })),
}

/**
 * Sends the parts one after the other, and reads until the server ends the connection; `null` in place of a date.
 * `thenEnds`: the client sends nothing more, and says so.
 */
export async function converse(port: number, parts: readonly Uint8Array[], thenEnds = false): Promise<string> {
  const socket = await openSocket(port)
  socket.setNoDelay(true)
  const answer = readToEnd(socket)
  for (const part of parts) {
    if (socket.destroyed) break
    await new Promise<void>((resolve) => {
      socket.write(part, () => setImmediate(resolve))
    })
  }
  if (thenEnds) socket.end()
  return (await answer).replaceAll(/^Date: .*$/gim, 'Date: null')
}
