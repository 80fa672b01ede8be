import type { Socket } from 'node:net'
import { createAnswerWriter } from './answer-text.ts'
import type { FastAnswer, FastAnswers, FastRequest } from './fast-answers.ts'
import { findPlainHead, type PlainFields, type PlainHead, readPlainFields } from './plain-head.ts'
import type { RequestOrigin } from './request-origin.ts'

export interface PlainFrontOptions {
  readonly answers: FastAnswers
  /** Takes a connection over, with everything that has not been answered still to be read from it. */
  readonly handOver: (socket: Socket) => void
  /** Ends a connection on which nothing was asked in time. */
  readonly refuseSilent: (socket: Socket) => void
  /** How long a client may take for its first request. */
  readonly headersTimeoutMs: number
  readonly keepAliveMs: number
  readonly checkEveryMs: number
  /** How long something that an answer needs is waited for; then the framework asks for it, and waits. Default 1 s. */
  readonly patienceMs?: number
  readonly now: () => number
}

/** Connections on which nothing but the plainest requests has come so far. */
export interface PlainFront {
  take(socket: Socket): void
  /** Whether this connection's next request was tried here and not answered. Forgets it. */
  wasTried(socket: Socket): boolean
  /** Ends those that wait for a request. */
  closeIdle(): void
  /** Ends all of them at once. */
  closeAll(): void
  /** No checks any more. */
  stop(): void
}

const PATIENCE_MS = 1_000
/** Answers to requests that came together are sent when they are this long, and no others made while they do not go. */
const MAX_UNSENT = 65_536
/** Fields of a connection are kept for its next request up to this length. */
const MAX_KEPT_FIELDS = 2_048

/**
 * Answers the plainest requests straight on the connection. `node:http` spends more on a request than such an answer
 * costs: a message object each way, streams, timers and two writes. Everything that is in any way out of the ordinary
 * goes to it, with the connection, which then stays there.
 *
 * What is plain is what all parsers read alike (`plain-head.ts`), so nobody can smuggle a request past one of the two.
 */
export function createPlainFront(options: PlainFrontOptions): PlainFront {
  const { answers, checkEveryMs, patienceMs = PATIENCE_MS } = options
  const writer = createAnswerWriter(options.keepAliveMs, options.now)
  const connections = new Set<PlainConnection>()
  const tried = new WeakSet<Socket>()
  const context: Context = {
    answers,
    textOf: (answer) => writer.text(answer),
    remove: (connection) => connections.delete(connection),
    patienceIsOver: () =>
      new Promise((resolve) => {
        setTimeout(() => resolve(undefined), patienceMs).unref()
      }),
    handOver(connection, wasTried) {
      connections.delete(connection)
      if (wasTried) tried.add(connection.socket)
      options.handOver(connection.socket)
    },
  }
  const silentChecks = Math.ceil(options.headersTimeoutMs / checkEveryMs)
  const idleChecks = Math.ceil(options.keepAliveMs / checkEveryMs)
  const checks = setInterval(() => {
    for (const connection of connections) {
      if (connection.isWaiting) continue
      connection.checksIdle += 1
      if (connection.isUsed) {
        if (connection.checksIdle > idleChecks) connection.socket.destroy()
      } else if (connection.checksIdle > silentChecks) {
        connection.leave()
        connections.delete(connection)
        options.refuseSilent(connection.socket)
      }
    }
  }, checkEveryMs)
  checks.unref()

  return {
    take: (socket) => connections.add(new PlainConnection(socket, context)),
    wasTried: (socket) => tried.delete(socket),
    closeIdle() {
      for (const connection of connections) if (!connection.isWaiting) connection.socket.destroySoon()
    },
    closeAll() {
      for (const connection of connections) connection.socket.destroy()
    },
    stop: () => clearInterval(checks),
  }
}

interface Context {
  readonly answers: FastAnswers
  readonly textOf: (answer: FastAnswer) => string
  readonly remove: (connection: PlainConnection) => void
  readonly patienceIsOver: () => Promise<undefined>
  /** `wasTried`: the first of what has not been answered. */
  readonly handOver: (connection: PlainConnection, wasTried: boolean) => void
}

class PlainConnection {
  readonly socket: Socket
  /** Whether a request was answered. */
  isUsed = false
  /** Whether an answer is on its way. */
  isWaiting = false
  /** Checks since the last answer. */
  checksIdle = 0
  readonly #context: Context
  readonly #peer: string | undefined
  /** The header section that `#fields` was read from; undefined: it was too long to be kept. */
  #fieldsText: string | undefined
  #fields: PlainFields | undefined
  #origin: RequestOrigin | undefined
  /** Bytes at the start of what was put back that have been answered. */
  #skip = 0

  constructor(socket: Socket, context: Context) {
    this.socket = socket
    this.#context = context
    this.#peer = socket.remoteAddress
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
  }

  /** Listens no more. */
  leave(): void {
    const { socket } = this
    socket.off('drain', this.#onDrain)
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('error', this.#onError)
    socket.off('close', this.#onClose)
  }

  readonly #originOf = (): RequestOrigin => {
    this.#origin ??= this.#context.answers.originOf({ peer: this.#peer, header: this.#header })
    return this.#origin
  }

  readonly #header = (name: string): string | undefined => this.#fields?.get(name)

  readonly #onData = (bytes: Buffer): void => {
    const skipped = Math.min(this.#skip, bytes.length)
    this.#skip -= skipped
    this.#answerAll(skipped === 0 ? bytes : bytes.subarray(skipped))
  }

  /** Comes when all has been read, so nothing is owed. */
  readonly #onEnd = (): void => {
    this.socket.end()
  }

  readonly #onError = (): void => {
    this.socket.destroy()
  }

  readonly #onClose = (): void => {
    this.#context.remove(this)
  }

  readonly #onDrain = (): void => {
    this.socket.resume()
  }

  /** Answers the requests in turn, as far as they are plain; several that came together with few writes. */
  #answerAll(bytes: Buffer): void {
    const text = bytes.toString('latin1')
    let out = ''
    let isAscii = true
    let at = 0
    while (at < text.length) {
      const head = findPlainHead(text, at)
      const request = head === undefined ? undefined : this.#requestOf(text, head)
      const answer = request === undefined ? undefined : this.#context.answers.answer(request, 'some')
      if (head === undefined || answer === undefined || answer instanceof Promise) {
        this.#send(out, isAscii)
        this.#putBack(bytes.subarray(at))
        if (head !== undefined && answer instanceof Promise) void this.#answerLater(answer, head.end - at)
        else this.#handOver(request !== undefined)
        return
      }
      out += this.#context.textOf(answer)
      isAscii &&= answer.bodyBytes === answer.body.length
      at = head.end
      this.#context.answers.sent(answer)
      if (out.length < MAX_UNSENT) continue
      this.#send(out, isAscii)
      out = ''
      if (this.socket.writableNeedDrain) break
    }
    this.#send(out, isAscii)
    if (!this.socket.writableNeedDrain) return
    // Nothing is read until the client has taken what it was sent.
    this.#putBack(bytes.subarray(at))
    this.socket.once('drain', this.#onDrain)
  }

  #requestOf(text: string, { target, fieldsAt, end }: PlainHead): FastRequest | undefined {
    const fieldsEnd = end - 2
    const known = this.#fieldsText
    if (known === undefined || fieldsEnd - fieldsAt !== known.length || !text.startsWith(known, fieldsAt)) {
      // A slice would keep all that arrived with it.
      const own = Buffer.from(text.slice(fieldsAt, fieldsEnd), 'latin1').toString('latin1')
      this.#fieldsText = own.length > MAX_KEPT_FIELDS ? undefined : own
      this.#fields = readPlainFields(own)
      this.#origin = undefined
    }
    return this.#fields === undefined ? undefined : { target, header: this.#header, origin: this.#originOf }
  }

  #send(text: string, isAscii: boolean): void {
    if (text === '') return
    this.isUsed = true
    this.checksIdle = 0
    this.socket.write(text, isAscii ? 'latin1' : 'utf8')
  }

  /** Stops reading before these bytes. While there are some, the socket does not say that its client has ended. */
  #putBack(bytes: Buffer): void {
    this.socket.pause()
    if (bytes.length > 0) this.socket.unshift(bytes)
  }

  async #answerLater(coming: Promise<FastAnswer | undefined>, headLength: number): Promise<void> {
    const { socket } = this
    this.isWaiting = true
    const answer = await Promise.race([coming, this.#context.patienceIsOver()])
    this.isWaiting = false
    if (socket.destroyed) return
    if (answer === undefined) {
      this.#handOver(true)
      return
    }
    this.#send(this.#context.textOf(answer), answer.bodyBytes === answer.body.length)
    this.#context.answers.sent(answer)
    this.#skip = headLength
    if (socket.writableNeedDrain) socket.once('drain', this.#onDrain)
    else socket.resume()
  }

  /** With everything that was put back. */
  #handOver(wasTried: boolean): void {
    this.leave()
    this.#context.handOver(this, wasTried)
    this.socket.resume()
  }
}
