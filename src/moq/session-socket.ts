import './runtime-polyfills.ts'

import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import Session from '@moq/qmux'
import type { RawData, WebSocket } from 'ws'
import { eagerTransport } from './eager-transport.ts'

/** Largest WebSocket message that we read; QMux records are 16 KiB. */
export const MAX_MESSAGE_BYTES = 64 * 1024

/** The frame type QX_TRANSPORT_PARAMETERS, with which every QMux peer begins (draft-ietf-quic-qmux-02 4). */
const QMUX_BEGINNING = Buffer.from('ff5153300d0a0d0a', 'hex')

const SEND_BUFFER_BYTES = 64 * 1024
const CLOSE_GRACE_MS = 300
const SETTLE_MS = 10
const SETTLE_ROUNDS = 100

type QmuxSocket = Parameters<typeof Session.accept>[0]

/**
 * A QMux session over one WebSocket, with the end of it in our hands: it is pinged, it can be cut, and closing it
 * leaves neither socket nor timer behind.
 */
export class SessionSocket {
  /** The session as `@moq/net` wants it. */
  readonly transport: ReturnType<typeof eagerTransport>
  /** The end, in words that name no URL. Never rejects. */
  readonly closed: Promise<string>
  /** Whether the peer has begun to speak QMux before the end. Never rejects. */
  readonly heard: Promise<boolean>
  readonly #socket: WebSocket
  #ending: string | undefined

  constructor(socket: WebSocket, role: 'client' | 'server', keepAliveMs: number) {
    this.#socket = socket
    // A 'close' event follows every 'error'; without a listener the error would end the process.
    socket.on('error', () => undefined)
    this.heard = new Promise((resolve) => {
      socket.once('message', (message: RawData) => {
        const beginning = toBytes(message).subarray(0, QMUX_BEGINNING.length)
        if (QMUX_BEGINNING.equals(beginning)) resolve(true)
        else this.cut('the peer does not speak QMux')
      })
      socket.once('close', () => resolve(false))
    })
    const streams = byteStreams(socket)
    this.transport = eagerTransport(role === 'server' ? Session.accept(streams) : new Session(streams))
    this.closed = this.transport.closed.then(
      ({ closeCode }) => this.#ending ?? `the peer closed the session with code ${closeCode ?? 0}`,
      () => this.#ending ?? 'the connection was lost',
    )
    this.#keepAlive(keepAliveMs)
  }

  get open(): boolean {
    return this.#ending === undefined && this.#socket.readyState === this.#socket.OPEN
  }

  /** Says goodbye to the peer, and cuts the connection if it does not answer soon. */
  async close(why: string): Promise<void> {
    this.#ending ??= why
    if (this.#socket.readyState === this.#socket.CLOSED) return
    const gone = new Promise((resolve) => {
      this.#socket.once('close', resolve)
    })
    this.transport.close()
    const late = setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS)
    await gone
    clearTimeout(late)
  }

  /** Cuts the connection without a word, as a crash would. */
  cut(why: string): void {
    this.#ending ??= why
    this.#socket.terminate()
  }

  /**
   * Waits until what was written has left for the peer (a second at most). `@moq/net` tells a peer only the sum of
   * the changes since it last wrote, so an end and a new start of one broadcast need a pause between them.
   */
  async settle(): Promise<void> {
    for (let round = 0; round < SETTLE_ROUNDS && this.open; round += 1) {
      await delay(SETTLE_MS)
      if (this.#socket.bufferedAmount === 0) return
    }
  }

  #keepAlive(intervalMs: number): void {
    const socket = this.#socket
    let alive = true
    const sign = (): void => {
      alive = true
    }
    socket.on('pong', sign)
    socket.on('message', sign)
    const timer = setInterval(() => {
      if (socket.readyState !== socket.OPEN) return
      if (!alive) return this.cut('the peer stopped answering')
      alive = false
      socket.ping()
    }, intervalMs)
    timer.unref()
    socket.once('close', () => clearInterval(timer))
  }
}

/** The WebSocket as the pair of streams that qmux drives, with the kernel's own backpressure on writing. */
function byteStreams(socket: WebSocket): QmuxSocket {
  const readable = new ReadableStream<Uint8Array | string>({
    start(controller) {
      let ended = false
      socket.on('message', (message: RawData, isBinary: boolean) => {
        // Text is no QMux; qmux only needs to see that it is text to end the session.
        if (!ended) controller.enqueue(isBinary ? toBytes(message) : 'text')
      })
      socket.once('close', () => {
        if (!ended) controller.close()
        ended = true
      })
    },
    cancel: () => socket.terminate(),
  })
  const writable = new WritableStream<Uint8Array | string>({
    async write(chunk) {
      const sent = new Promise<void>((resolve, reject) => {
        socket.send(chunk, (error) => (error ? reject(error) : resolve()))
      })
      if (socket.bufferedAmount > SEND_BUFFER_BYTES) return sent
      // The end of the socket reports itself; a small write does not wait to hear of it.
      sent.catch(() => undefined)
    },
    close: () => socket.close(),
    abort: () => socket.terminate(),
  })
  const whenOpen = socket.readyState === socket.OPEN ? Promise.resolve() : once(socket, 'open')
  return {
    url: '',
    opened: whenOpen.then(() => ({ readable, writable, extensions: '', protocol: socket.protocol })),
    closed: new Promise((resolve) => {
      socket.once('close', (closeCode: number) => resolve({ closeCode, reason: '' }))
    }),
    close: () => socket.close(),
  }
}

function toBytes(message: RawData): Uint8Array {
  const bytes = Array.isArray(message) ? Buffer.concat(message) : message
  return bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : new Uint8Array(bytes)
}
