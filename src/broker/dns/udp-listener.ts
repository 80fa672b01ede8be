import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { DnsResponder } from '../../routing/dns/responder.ts'
import type { Log } from '../log.ts'
import type { DnsCounters } from './dns-counters.ts'

export interface DnsListener extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

export interface DnsListenerDeps {
  readonly responder: DnsResponder
  readonly counters: DnsCounters
  readonly log: Log
}

/** Bytes of waiting queries; the system may allow less. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
/** One query in so many is timed. */
const TIMED_EVERY = 64

/** Answers queries that come to this address over UDP. Rejects where it cannot be had. */
export async function listenUdp(host: string, port: number, deps: DnsListenerDeps): Promise<DnsListener> {
  const family = isIPv6(host) ? 6 : 4
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    recvBufferSize: RECEIVE_BUFFER_BYTES,
    // Addresses come from the socket itself; the usual look-up of names would defer every answer.
    lookup: (hostname, _options, callback) => callback(null, hostname, family),
  })
  const bound = once(socket, 'listening')
  socket.bind({ port, address: host })
  await bound
  let unsent = 0
  socket.on('error', (error) => {
    // Such as EPERM from a firewall: one answer is lost, as any datagram may be.
    if (unsent++ === 0) deps.log('dns.send_failed', { error: error.message })
  })
  const open = { is: true }
  answer(socket, deps, () => open.is)
  return {
    host,
    port: socket.address().port,
    async [Symbol.asyncDispose]() {
      if (!open.is) return
      open.is = false
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}

function answer(socket: Socket, { responder, counters }: DnsListenerDeps, isOpen: () => boolean): void {
  let untilTimed = TIMED_EVERY
  socket.on('message', (message, { address, port }) => {
    const started = --untilTimed === 0 ? performance.now() : 0
    const response = responder.respond(message, address, 'udp')
    if (response === undefined) return
    if (!(response instanceof Promise)) {
      socket.send(response, port, address)
      if (untilTimed === 0) counters.took((performance.now() - started) / 1000)
    } else {
      // Nobody waits for it: whoever asked may have gone.
      void response.then((late) => {
        if (late === undefined || !isOpen()) return
        socket.send(late, port, address)
        if (started > 0) counters.took((performance.now() - started) / 1000)
      })
    }
    if (untilTimed === 0) untilTimed = TIMED_EVERY
  })
}
