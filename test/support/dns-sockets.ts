import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type DnsConfig, DnsSchema } from '../../src/broker/config/dns-schema.ts'
import type { AnswerSource } from '../../src/routing/dns/answer-source.ts'
import type { ClientAnswer } from '../../src/routing/dns/client-answer.ts'
import { ABSENT_SCOPE, sampleAnswer } from './dns-world.ts'

/** A configuration of the zone `cdn.example` on a free port of this machine. */
export function dnsConfig(more: Readonly<Record<string, unknown>> = {}): DnsConfig {
  return DnsSchema.parse({
    listen: [{ host: '127.0.0.1', port: 0 }],
    zone: 'cdn.example',
    ns: [{ host: 'ns1.cdn.example', addresses: ['192.0.2.53'] }],
    ...more,
  })
}

/** A source whose answers can be changed, and that can hold `load` back. */
export interface ChangingSource extends AnswerSource {
  answer: (question: { readonly client: string; readonly name: string }) => ClientAnswer
  current: number
  /** Scopes that `held` does not know. */
  readonly slow: Set<string>
  /** Awaited by every `load`. */
  gate: Promise<void>
}

export function changingSource(): ChangingSource {
  const source: ChangingSource = {
    answer: sampleAnswer,
    current: 1,
    slow: new Set(),
    gate: Promise.resolve(),
    held(question) {
      if (source.slow.has(question.scope ?? '')) return undefined
      return question.scope === ABSENT_SCOPE ? 'absent' : source.answer(question)
    },
    async load(question) {
      await source.gate
      return question.scope === ABSENT_SCOPE ? 'absent' : source.answer(question)
    },
    explain: async ({ client }) => [`${client} goes to cdn-a`],
    version: () => source.current,
  }
  return source
}

/** Sends one datagram and waits for one. */
export async function exchangeUdp(port: number, message: Buffer, withinMs = 15_000): Promise<Buffer> {
  const socket = createSocket('udp4')
  try {
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(withinMs) })
    socket.send(message, port, '127.0.0.1')
    const [answer]: unknown[] = await answered
    if (!(answer instanceof Buffer)) throw new Error('no datagram')
    return answer
  } finally {
    socket.close()
  }
}

/** A connection that frames messages (RFC 1035 4.2.2). */
export interface TcpClient extends Disposable {
  readonly socket: Socket
  send(...messages: readonly Buffer[]): void
  /** The next so many answers, in the order of their coming. */
  receive(count: number): Promise<readonly Buffer[]>
  readonly closed: Promise<unknown>
}

export async function connectTcp(port: number): Promise<TcpClient> {
  const socket = connect(port, '127.0.0.1')
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
  })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  let received: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
  })
  return {
    socket,
    closed,
    send(...messages) {
      socket.write(Buffer.concat(messages.map(framed)))
    },
    async receive(count) {
      const answers: Buffer[] = []
      while (answers.length < count) {
        while (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) await once(socket, 'data')
        const end = 2 + received.readUInt16BE(0)
        answers.push(received.subarray(2, end))
        received = received.subarray(end)
      }
      return answers
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}
