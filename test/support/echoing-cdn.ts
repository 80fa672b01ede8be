import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

/** A CDN that repeats everything it was told, in answers that nobody expects. */
export interface EchoingCdn extends AsyncDisposable {
  readonly url: string
  /** Requests so far. */
  readonly requests: number
}

interface EchoAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** In turn: refusals, a crash, and successes of an unknown shape, each with the request inside. */
const ANSWERS: readonly ((told: string, token: string) => EchoAnswer)[] = [
  (told) => json(400, { type: 'about:blank', title: told, status: 400, detail: `we did not understand ${told}` }),
  (told) => ({ status: 500, type: 'text/html', body: `<html><pre>${told}</pre></html>` }),
  (told, token) => json(201, { scope_id: { [token]: told }, [told]: told }),
  (told, token) => json(403, { error: { code: token, message: told }, errors: [{ code: token, message: told }] }),
  (told) => ({ status: 200, type: 'application/json', body: `{"scope_id": "${told}` }),
  (told, token) => json(201, { scope_id: token, url: told, token: 7 }),
  (told) => json(422, { detail: [told.split('').join('​'), told] }),
]

export async function startEchoingCdn(): Promise<EchoingCdn> {
  let requests = 0
  const server = createServer((request, response) => {
    void (async () => {
      const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
      const told = `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${await text(request)}`
      const answer = ANSWERS[requests % ANSWERS.length]?.(told, token)
      requests += 1
      response.writeHead(answer?.status ?? 500, {
        'content-type': answer?.type ?? 'text/plain',
        'x-echo': headerSafe(request),
        'retry-after': '0',
      })
      response.end(answer?.body)
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = z.object({ port: z.number() }).parse(server.address())
  return {
    url: `http://127.0.0.1:${port}`,
    get requests() {
      return requests
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function json(status: number, body: unknown): EchoAnswer {
  return { status, type: 'application/json', body: JSON.stringify(body) }
}

function headerSafe(request: IncomingMessage): string {
  return encodeURIComponent(JSON.stringify(request.headers))
}
