import { runDnsWorker } from '../dns/dns-worker.ts'

// The process of a DNS worker: `dns/dns-workers.ts` starts it.
runDnsWorker(process, { now: Date.now, random: Math.random })
