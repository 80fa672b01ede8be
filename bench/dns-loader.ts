import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { subnetQueries } from './dns-world.ts'

/** What a loader is told to do, by message; it tells how many answers came. */
const Order = z.object({
  port: z.number(),
  milliseconds: z.number(),
  /** Ends sooner when so many have come. */
  answers: z.number().optional(),
  outstanding: z.number(),
  /** Position of the network to begin with. */
  offset: z.number(),
})

const queries = subnetQueries()

/** Keeps so many queries under way, each network in its turn, and counts the answers. */
async function load(order: z.infer<typeof Order>): Promise<number> {
  const { port, milliseconds, outstanding, offset } = order
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  let next = offset
  let answers = 0
  let open = true
  const enough = new AbortController()
  const send = (): void => {
    const query = queries[next % queries.length]
    if (!open || query === undefined) return
    query.writeUInt16BE(next & 0xffff, 0)
    next++
    socket.send(query)
  }
  socket.on('message', () => {
    answers++
    if (answers === order.answers) enough.abort()
    send()
  })
  socket.on('error', () => undefined)
  for (let i = 0; i < outstanding; i++) send()
  // A datagram may be lost; without this the load would ebb away.
  let before = 0
  const refill = setInterval(() => {
    if (answers === before) for (let i = 0; i < outstanding; i++) send()
    before = answers
  }, 100)
  await pause(milliseconds, undefined, { signal: enough.signal }).catch(() => undefined)
  open = false
  clearInterval(refill)
  const counted = answers
  socket.close()
  return counted
}

process.on('message', (message) => {
  if (message === 'stop') process.disconnect()
  else void load(Order.parse(message)).then((answers) => process.send?.({ answers }))
})
process.send?.({ ready: true })
