import { fileURLToPath } from 'node:url'
import type { DnsConfig } from '../config/dns-schema.ts'
import { programFile } from '../program-file.ts'
import { DnsCounters } from './dns-counters.ts'
import { closeListeners, openListeners } from './dns-listeners.ts'
import { addressesOf, type DnsServer, type DnsServerDeps, type WorkerProgram } from './dns-server.ts'
import { createResponder } from './dns-settings.ts'
import { startDnsWorkers } from './dns-workers.ts'

/** Serves DNS as configured, in this process or in several others. Rejects where an address cannot be had. */
export async function startDnsServer(config: DnsConfig, deps: DnsServerDeps): Promise<DnsServer> {
  if (config.processes > 1) return startDnsWorkers(config, deps, workerProgram())
  const counters = new DnsCounters()
  const responder = createResponder(config, { ...deps, counters })
  const listeners = await openListeners(config, { responder, counters, log: deps.log })
  return {
    addresses: addressesOf(listeners),
    totals: () => counters.totals(),
    [Symbol.asyncDispose]: () => closeListeners(listeners),
  }
}

function workerProgram(): WorkerProgram {
  return { entry: fileURLToPath(programFile('broker/cli/dns-worker-main')), execArgv: process.execArgv }
}
