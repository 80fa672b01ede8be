import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, isIP } from 'node:net'

/** High enough for everybody to listen on, and not 5353, which is multicast DNS. */
const LAB_DNS_PORT = 5300

export interface LabDnsAddress {
  readonly address: { readonly host: string; readonly port: number }
  /** Whether nobody else listens there, over UDP or TCP. */
  readonly free: boolean
}

/** Where the lab's DNS listens; with `any`, on a port that the system chooses. */
export async function labDnsAddress(wanted: { readonly host: string; readonly any: boolean }): Promise<LabDnsAddress> {
  const host = isIP(wanted.host) === 0 ? '127.0.0.1' : wanted.host
  if (wanted.any) return { address: { host, port: 0 }, free: true }
  const address = { host, port: LAB_DNS_PORT }
  return { address, free: (await canListenUdp(address)) && (await canListenTcp(address)) }
}

async function canListenUdp({ host, port }: LabDnsAddress['address']): Promise<boolean> {
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
  try {
    const listening = once(socket, 'listening')
    socket.bind({ address: host, port })
    await listening
    return true
  } catch {
    return false
  } finally {
    const closed = once(socket, 'close')
    socket.close()
    await closed
  }
}

async function canListenTcp(address: LabDnsAddress['address']): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(address), 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
