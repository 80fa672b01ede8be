import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface ReceivedUpdate {
  readonly method: string
  readonly path: string
  readonly contentType: string | undefined
  readonly authorization: string | undefined
  readonly body: unknown
}

/** A peer that takes updates, on loopback; gone with the test. */
export interface UpdateReceiver {
  readonly origin: string
  readonly received: ReceivedUpdate[]
  /** What it answers from now on. */
  status: number
}

export async function startUpdateReceiver(): Promise<UpdateReceiver> {
  const received: ReceivedUpdate[] = []
  const state = { status: 204 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({
        method: request.method ?? '',
        path: request.url ?? '',
        contentType: request.headers['content-type'],
        authorization: request.headers.authorization,
        body: JSON.parse(Buffer.concat(chunks).toString('utf8')),
      })
      response.writeHead(state.status).end()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('it listens on a port')
  return Object.assign(state, { origin: `http://127.0.0.1:${address.port}`, received })
}
