import type { DnsConfig } from '../config/dns-schema.ts'
import { listenTcp, type TcpLimits } from './tcp-listener.ts'
import { type DnsListener, type DnsListenerDeps, listenUdp } from './udp-listener.ts'

/** UDP and TCP at every address of the configuration. Rejects, with everything closed again, where one cannot be had. */
export async function openListeners(config: DnsConfig, deps: DnsListenerDeps): Promise<readonly DnsListener[]> {
  const { connections, connections_per_client, idle_ms } = config.tcp
  const limits = { connections, connectionsPerClient: connections_per_client, idleMs: idle_ms }
  const opened: DnsListener[] = []
  try {
    for (const { host, port } of config.listen) {
      opened.push(...(port === 0 ? await openAnywhere(host, deps, limits) : await openBoth(host, port, deps, limits)))
    }
    return opened
  } catch (error) {
    await closeListeners(opened)
    throw error
  }
}

/** Ports tried before it is given up. */
const ATTEMPTS = 20

/** On a port that the system chooses for UDP; where TCP cannot have the same one, on another. */
async function openAnywhere(host: string, deps: DnsListenerDeps, limits: TcpLimits): Promise<readonly DnsListener[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openBoth(host, 0, deps, limits)
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!isTaken || attempt === ATTEMPTS) throw error
    }
  }
}

async function openBoth(
  host: string,
  port: number,
  deps: DnsListenerDeps,
  limits: TcpLimits,
): Promise<readonly DnsListener[]> {
  const udp = await listenUdp(host, port, deps)
  try {
    return [udp, await listenTcp(host, udp.port, deps, limits)]
  } catch (error) {
    await udp[Symbol.asyncDispose]()
    throw error
  }
}

export async function closeListeners(listeners: readonly DnsListener[]): Promise<void> {
  await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()))
}
