import cluster from 'node:cluster'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

// The bare server: every datagram is answered with one of a given size. BYTES PROCESSES.
const [bytes = '100', processes = '1'] = process.argv.slice(2)

async function serve(): Promise<number> {
  const socket = createSocket('udp4')
  const size = Number(bytes)
  socket.on('message', (message, { port, address }) => {
    const answer = Buffer.allocUnsafe(size)
    message.copy(answer)
    socket.send(answer, port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket.address().port
}

if (Number(processes) === 1) {
  process.send?.({ port: await serve(), pids: [process.pid] })
  process.once('message', () => process.exit())
} else if (cluster.isPrimary) {
  const workers = Array.from({ length: Number(processes) }, () => cluster.fork())
  const ports = await Promise.all(workers.map(async (worker) => Number((await once(worker, 'message'))[0])))
  process.send?.({ port: ports[0], pids: [process.pid, ...workers.map((worker) => worker.process.pid)] })
  process.once('message', () => {
    for (const worker of workers) worker.kill()
    process.disconnect()
  })
} else process.send?.(await serve())
