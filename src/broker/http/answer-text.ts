import { STATUS_CODES } from 'node:http'
import type { FastAnswer } from './fast-answers.ts'
import { type HeaderBlock, headerLines } from './header-block.ts'

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
  /** From the line end behind `Content-Length` to the empty line, of this second. */
  const ends = new Map<HeaderBlock, string>()

  function endOfHead(shared: HeaderBlock): string {
    const at = Math.floor(now() / 1000)
    if (at !== second) {
      second = at
      ends.clear()
    }
    let end = ends.get(shared)
    if (end === undefined) {
      end = `\r\n${shared.lines}Date: ${new Date(at * 1000).toUTCString()}\r\n${kept}`
      ends.set(shared, end)
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
      const lines = own.length === 0 ? '' : headerLines(own)
      return `${statusLine(status)}${lines}X-Request-Id: ${requestId}\r\nContent-Length: ${bodyBytes}${endOfHead(shared)}${body}`
    },
  }
}
