import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A connection on which a test sends whatever bytes it likes. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  return socket
}

/** Everything until the other side closes. A reset counts as closed. */
export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise<void>((resolve) => {
    socket.on('close', () => resolve())
    socket.on('error', () => socket.destroy())
  })
  return Buffer.concat(chunks).toString('utf8')
}

/** Sends these bytes and reads the first answer, or `undefined` when the connection closed without one. */
export async function exchange(port: number, bytes: string | Uint8Array): Promise<RawAnswer | undefined> {
  const socket = await openSocket(port)
  const answer = readToEnd(socket)
  socket.write(bytes)
  return parseAnswer(await answer)
}

export function parseAnswer(text: string): RawAnswer | undefined {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]
  if (status === undefined) return undefined
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { status: Number(status), headers, body: rest.join('\r\n\r\n') }
}
