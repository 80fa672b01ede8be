import type { DnsConfig } from '../config/dns-schema.ts'
import { listenTcp } from './tcp-listener.ts'
import { type DnsListener, type DnsListenerDeps, listenUdp } from './udp-listener.ts'

/** UDP and TCP at every address of the configuration. Rejects, with everything closed again, where one cannot be had. */
export async function openListeners(config: DnsConfig, deps: DnsListenerDeps): Promise<readonly DnsListener[]> {
  const { connections, connections_per_client, idle_ms } = config.tcp
  const limits = { connections, connectionsPerClient: connections_per_client, idleMs: idle_ms }
  const opened: DnsListener[] = []
  try {
    for (const { host, port } of config.listen) {
      const udp = await listenUdp(host, port, deps)
      opened.push(udp)
      // With port 0 both share the one that UDP was given.
      opened.push(await listenTcp(host, udp.port, deps, limits))
    }
    return opened
  } catch (error) {
    await closeListeners(opened)
    throw error
  }
}

export async function closeListeners(listeners: readonly DnsListener[]): Promise<void> {
  await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()))
}
