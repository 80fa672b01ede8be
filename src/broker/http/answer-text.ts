import { STATUS_CODES } from 'node:http'
import type { FastAnswer } from './fast-answers.ts'
import { headerLines } from './header-block.ts'

/** Writes answers as `node:http` would, byte for byte, on a connection that is kept. */
export interface AnswerWriter {
  text(answer: FastAnswer): string
}

/**
 * @param keepAliveMs - how long an idle connection is kept, which answers tell.
 * @param now - milliseconds since the epoch.
 */
export function createAnswerWriter(keepAliveMs: number, now: () => number): AnswerWriter {
  const statusLines = new Map<number, string>()
  const kept = `Connection: keep-alive\r\n${keepAliveMs > 0 ? `Keep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n` : ''}\r\n`
  let second = Number.NaN
  /** From `Date` to the empty line. */
  let end = ''

  function endOfHead(): string {
    const at = Math.floor(now() / 1000)
    if (at !== second) {
      second = at
      end = `Date: ${new Date(at * 1000).toUTCString()}\r\n${kept}`
    }
    return end
  }

  function statusLine(status: number): string {
    let line = statusLines.get(status)
    if (line === undefined) {
      line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`
      statusLines.set(status, line)
    }
    return line
  }

  return {
    text({ status, own, requestId, shared, body, bodyBytes }) {
      const before = own.length === 0 ? statusLine(status) : statusLine(status) + headerLines(own)
      return `${before}X-Request-Id: ${requestId}\r\nContent-Length: ${bodyBytes}\r\n${shared.lines}${endOfHead()}${body}`
    },
  }
}
