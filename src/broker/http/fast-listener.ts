import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastAnswers } from './fast-answers.ts'
import type { RequestOrigin } from './request-origin.ts'

/** Answers a request, or touches nothing and says `false`: then the framework has it. */
export type FastListener = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean

/** Gives fast answers to what arrives through `node:http`. The framework would answer the same; a test compares them. */
export function createFastListener(answers: FastAnswers): FastListener {
  return (incoming, outgoing) => {
    const { method, url = '' } = incoming
    if (method !== 'GET' || hasBody(incoming)) return false
    const header = (name: string): string | undefined => fieldOf(incoming, name)
    const origin = (): RequestOrigin => answers.originOf({ peer: incoming.socket.remoteAddress, header })
    const answer = answers.answer({ target: url, header, origin }, 'none')
    if (answer === undefined || answer instanceof Promise) return false
    const { status, own, requestId, shared, body, bodyBytes } = answer
    const framing = ['X-Request-Id', requestId, 'Content-Length', String(bodyBytes)]
    outgoing.writeHead(status, [...own, ...framing, ...shared.list])
    outgoing.end(body)
    answers.sent(answer)
    return true
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

function fieldOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
