import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

const FaultSchema = z.strictObject({ relayDown: z.literal(true), expiresInMs: z.number().int().positive() })

/** The part of a lab CDN's admin listener that drills use. */
export interface FaultListener extends AsyncDisposable {
  readonly url: string
  /** Answers as ever, but the relay stays as it is. */
  ignoring: boolean
  /** `PUT` and `DELETE`, in the order of their arrival. */
  readonly calls: readonly string[]
  /** The newest `expiresInMs`. */
  readonly expiresInMs: () => number | undefined
  readonly isDown: () => boolean
}

/** Turns a relay off and on, and on by itself when the fault is not set again in time. */
export async function startFaultListener(setDown: (down: boolean) => Promise<void>): Promise<FaultListener> {
  const calls: string[] = []
  let expiry: NodeJS.Timeout | undefined
  let expiresInMs: number | undefined
  let down = false
  const state = { ignoring: false }

  async function turn(wanted: boolean): Promise<void> {
    if (wanted === down || state.ignoring) return
    down = wanted
    await setDown(wanted)
  }

  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      calls.push(request.method ?? '')
      clearTimeout(expiry)
      if (request.method === 'PUT') {
        const fault = FaultSchema.parse(JSON.parse(await text(request)))
        expiresInMs = fault.expiresInMs
        expiry = setTimeout(() => void turn(false), fault.expiresInMs)
        await turn(true)
        response.writeHead(200).end('{}')
      } else {
        await turn(false)
        response.writeHead(204).end()
      }
    }
    answer().catch((error: unknown) => response.writeHead(400).end(String(error)))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const { port }: Pick<AddressInfo, 'port'> = typeof address === 'object' && address !== null ? address : { port: 0 }
  return {
    url: `http://127.0.0.1:${port}`,
    get ignoring() {
      return state.ignoring
    },
    set ignoring(ignoring) {
      state.ignoring = ignoring
    },
    calls,
    expiresInMs: () => expiresInMs,
    isDown: () => down,
    async [Symbol.asyncDispose]() {
      clearTimeout(expiry)
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}
